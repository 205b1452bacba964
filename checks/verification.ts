import type { KeyValue } from "../render/api/key-value.ts";
import type { Live, PassedOver, Vantage } from "../vantage/live.ts";
import type { Check } from "./check.ts";
import { type Finding, unknown } from "./finding.ts";

/** What one check found, and how long it took. */
export type Result = Pick<Check, "id" | "title" | "proves"> & { readonly durationMs: number } & Finding;

/** Everything found out about one environment: what all reports are made of. */
export interface VerificationReport {
  readonly environment: string;
  readonly instance?: Pick<KeyValue, "id" | "name" | "region" | "plan"> | undefined;
  readonly vantage?: Vantage | undefined;
  readonly passedOver: readonly PassedOver[];
  readonly startedAt: string;
  readonly durationMs: number;
  /** Whether the checks could not even begin, for a wrong key or two instances of the same name. */
  readonly misconfigured: boolean;
  /** Whether unknown results let the run pass. */
  readonly acceptUnknown: boolean;
  readonly results: readonly Result[];
}

type Statement = Pick<Check, "id" | "title" | "proves">;

const AVAILABLE: Statement = {
  id: "available",
  title: "Available",
  proves: "Render's API knows the instance and calls it available.",
};

const NOT_RUN: Finding = unknown("not run", "Run the checks again, with more time: --deadline.");

const NOT_AVAILABLE: Finding = unknown("not run: there is no available instance", "See `available`.");

/** A verification under way. It can be reported at any moment: what has not been looked at yet is unknown. */
export class Verification {
  readonly environment: string;
  readonly #acceptUnknown: boolean;
  readonly #startedAt = new Date();
  readonly #started = performance.now();
  readonly #results = new Map<string, Result>();
  #instance: KeyValue | undefined;
  #live: Live | undefined;
  #misconfigured = false;
  #durationMs: number | undefined;

  constructor(environment: string, checks: readonly Statement[], acceptUnknown: boolean) {
    this.environment = environment;
    this.#acceptUnknown = acceptUnknown;
    for (const check of [AVAILABLE, ...checks]) this.settle(check, NOT_RUN, 0);
  }

  /** What the wait for the instance came to. */
  available(finding: Finding, instance?: KeyValue): void {
    this.#instance = instance;
    this.settle(AVAILABLE, finding, performance.now() - this.#started);
    if (finding.status === "pass") return;
    for (const result of [...this.#results.values()]) {
      if (result.id !== AVAILABLE.id) this.settle(result, NOT_AVAILABLE, 0);
    }
  }

  /** The checks cannot begin until somebody changes how they are called. */
  misconfigured(reason: string, remedy: string): void {
    this.#misconfigured = true;
    this.available(unknown(reason, remedy));
  }

  looked(live: Live): void {
    this.#live = live;
  }

  settle({ id, title, proves }: Statement, finding: Finding, durationMs: number): void {
    this.#results.set(id, { id, title, proves, durationMs: Math.round(durationMs), ...finding });
  }

  /** Stops the clock. */
  finish(): void {
    this.#durationMs ??= performance.now() - this.#started;
  }

  report(): VerificationReport {
    const { id, name, region, plan } = this.#instance ?? {};
    return {
      environment: this.environment,
      ...(id && name && region && plan ? { instance: { id, name, region, plan } } : {}),
      ...(this.#live === undefined ? {} : { vantage: this.#live.vantage }),
      passedOver: this.#live?.passedOver ?? [],
      startedAt: this.#startedAt.toISOString(),
      durationMs: Math.round(this.#durationMs ?? performance.now() - this.#started),
      misconfigured: this.#misconfigured,
      acceptUnknown: this.#acceptUnknown,
      results: [...this.#results.values()],
    };
  }
}
