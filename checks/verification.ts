import { MORE_TIME } from "../redis/explanations.ts";
import type { KeyValue } from "../render/api/endpoints.ts";
import type { Look, Vantage } from "../vantage/vantage.ts";
import type { Check } from "./check.ts";
import type { CheckResult, Result, VerificationReport } from "./report.ts";
import { unknown } from "./result.ts";

type Statement = Pick<Check, "id" | "title" | "proves">;

/** The first of every report. It has no entry among the checks: it is what all of them wait for. */
export const AVAILABLE: Statement = {
  id: "available",
  title: "Available",
  proves: "Render's API knows the instance and calls it available.",
};

const NOT_RUN: Result = unknown("not run", `Run the checks again, or ${MORE_TIME}`);

const NOT_AVAILABLE = {
  fail: unknown("not run: there is no available instance", "See `available`."),
  unknown: unknown("not run: it is not known whether there is an available instance", "See `available`."),
} as const;

/** What is verified. */
type Subject = Pick<VerificationReport, "environment" | "key" | "service">;

/** A verification under way. It can be reported at any moment: what has not been looked at yet is unknown. */
export class Verification {
  readonly #about: Subject;
  readonly #acceptUnknown: boolean;
  readonly #strict: boolean;
  readonly #startedAt = new Date();
  readonly #started = performance.now();
  readonly #results = new Map<string, CheckResult>();
  #instance: KeyValue | undefined;
  #vantage: Vantage | undefined;
  #passedOver: VerificationReport["passedOver"] = [];
  #misconfigured = false;
  #durationMs: number | undefined;

  constructor(about: Subject, checks: readonly Statement[], acceptUnknown: boolean, strict = false) {
    this.#about = about;
    this.#acceptUnknown = acceptUnknown;
    this.#strict = strict;
    for (const check of [AVAILABLE, ...checks]) this.settle(check, NOT_RUN, 0);
  }

  /** What the wait for the instance came to. */
  available(result: Result, instance?: KeyValue): void {
    this.#instance = instance;
    this.settle(AVAILABLE, result, performance.now() - this.#started);
    if (result.status !== "fail" && result.status !== "unknown") return;
    for (const check of [...this.#results.values()]) {
      if (check.id !== AVAILABLE.id) this.settle(check, NOT_AVAILABLE[result.status], 0);
    }
  }

  /** The checks cannot begin until somebody changes how they are called. */
  misconfigured(reason: string, remedy: string): void {
    this.#misconfigured = true;
    this.available(unknown(reason, remedy));
  }

  looked({ vantage, passedOver }: Pick<Look<unknown>, "vantage" | "passedOver">): void {
    this.#vantage = vantage;
    this.#passedOver = [...passedOver];
  }

  settle({ id, title, proves }: Statement, result: Result, durationMs: number): void {
    this.#results.set(id, { id, title, proves, durationMs: Math.round(durationMs), ...result });
  }

  /** Stops the clock. */
  finish(): void {
    this.#durationMs ??= performance.now() - this.#started;
  }

  report(): VerificationReport {
    const { id, name, region, plan } = this.#instance ?? {};
    return {
      ...this.#about,
      ...(id && name && region && plan ? { instance: { id, name, region, plan } } : {}),
      ...(this.#vantage === undefined ? {} : { vantage: this.#vantage }),
      passedOver: this.#passedOver,
      startedAt: this.#startedAt.toISOString(),
      durationMs: Math.round(this.#durationMs ?? performance.now() - this.#started),
      misconfigured: this.#misconfigured,
      acceptUnknown: this.#acceptUnknown,
      ...(this.#strict ? ({ strict: true } as const) : {}),
      results: [...this.#results.values()],
    };
  }
}
