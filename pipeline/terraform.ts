import { relative } from "node:path";
import { z } from "zod";
import { Child } from "../runtime/child-process.ts";
import { Stop } from "../runtime/errors.ts";
import { type Diagnostic, describeDiagnostic, readEvent, type TerraformEvent } from "./terraform-event.ts";

const stateSchema = z.object({ lineage: z.string().min(1) });

/** How long to wait for somebody else's lock on the state. */
const LOCK_TIMEOUT = "60s";

/** The exit code of `terraform plan -detailed-exitcode` when it found something to do. */
const HAS_CHANGES = 2;

interface TerraformOptions {
  /** The directory with the Terraform. */
  readonly directory: string;
  /** Whatever Terraform reports while it works. */
  readonly onEvent?: (event: TerraformEvent) => void;
}

/** What to plan; nothing for the difference between what is described and what there is. */
interface PlanOptions {
  /** Where to save it. */
  readonly out: string;
  readonly mode?: "change" | "destroy" | "refresh-only";
  /** Resources to replace although nothing asks for it. */
  readonly replace?: readonly string[];
}

/** How a command of Terraform ended, and what was wrong; no errors when it succeeded. */
interface Ended {
  readonly exitCode: number;
  readonly errors: readonly Diagnostic[];
}

/** How planning ended. Empty: there is nothing to do, and nobody changed anything elsewhere. */
interface PlanEnded extends Ended {
  readonly isEmpty: boolean;
}

/**
 * Terraform, or OpenTofu, in one directory. It never asks for anything, and locks the state while it works.
 *
 * Which one runs is up to `TERRAFORM_BINARY_NAME`, as with cdktf; default `terraform`.
 */
export class Terraform {
  readonly #binary = process.env.TERRAFORM_BINARY_NAME || "terraform";
  readonly #options: TerraformOptions;
  #running: Child | undefined;

  constructor(options: TerraformOptions) {
    this.#options = options;
  }

  /**
   * Plans and saves the plan. Initializes first where Terraform says that it must: init costs as much as a plan, and is
   * needed once.
   */
  async plan(options: PlanOptions): Promise<PlanEnded> {
    const args = [
      "plan",
      "-json",
      "-detailed-exitcode",
      "-input=false",
      `-lock-timeout=${LOCK_TIMEOUT}`,
      `-out=${options.out}`,
      ...(options.mode === "destroy" ? ["-destroy"] : []),
      ...(options.mode === "refresh-only" ? ["-refresh-only"] : []),
      ...(options.replace ?? []).map((address) => `-replace=${address}`),
    ];
    const first = await this.#plan(args);
    if (!first.errors.some(asksForInit)) return first;
    await this.init();
    return this.#plan(args);
  }

  async #plan(args: readonly string[]): Promise<PlanEnded> {
    let hasSomething = false;
    const { exitCode, errors } = await this.#report(args, ({ type, outputs = {} }) => {
      // Not by the exit code alone: a wrapper around Terraform may end with 0 all the same.
      hasSomething ||= type === "resource_drift" || type === "planned_change";
      hasSomething ||= Object.values(outputs).some(({ action }) => action !== undefined && action !== "noop");
    });
    if (exitCode === HAS_CHANGES) return { exitCode: 0, errors: [], isEmpty: false };
    return { exitCode, errors, isEmpty: exitCode === 0 && !hasSomething };
  }

  /** Applies a saved plan, and nothing else. */
  async apply(planFile: string): Promise<Ended> {
    return this.#report(["apply", "-json", "-input=false", `-lock-timeout=${LOCK_TIMEOUT}`, planFile]);
  }

  /** @throws Stop when it failed; where the state backend changed, with the command that migrates the state. */
  async init(): Promise<void> {
    try {
      await this.#capture(["init", "-input=false", "-no-color"]);
    } catch (error) {
      if (!(error instanceof Stop && /backend configuration changed|migrat/i.test(error.message))) throw error;
      const directory = relative(process.cwd(), this.#options.directory);
      throw new Stop(
        "failed",
        `The configured state backend changed. Migrate the state:\n  ${this.#binary} -chdir=${directory} init -migrate-state`,
      );
    }
  }

  /**
   * A saved plan as JSON: it holds secrets in clear.
   *
   * @throws Stop when it is not a plan, or when it needs an init that fails.
   */
  async show(planFile: string): Promise<unknown> {
    return this.#captureJson(["show", "-json", planFile]);
  }

  /** The id that the state keeps for its life; `undefined` when there is no state. */
  async lineage(): Promise<string | undefined> {
    const state = stateSchema.safeParse(await this.#captureJson(["state", "pull"]));
    return state.data?.lineage;
  }

  /** Asks the running command to end as with ^C: what is under way is finished, and the state is saved. */
  interrupt(): void {
    // Terraform alone: it asks the commands that it runs.
    if (this.#running?.running && this.#running.pid !== undefined) process.kill(this.#running.pid, "SIGINT");
  }

  async #report(args: readonly string[], onEvent: (event: TerraformEvent) => void = () => {}): Promise<Ended> {
    const errors: Diagnostic[] = [];
    const { exitCode, stderr } = await this.#run(args, (line) => {
      const event = readEvent(line);
      if (event === undefined) return;
      if (event.diagnostic?.severity === "error") errors.push(event.diagnostic);
      onEvent(event);
      this.#options.onEvent?.(event);
    });
    // What goes wrong before Terraform reads its options, or while it dies, is not in its JSON.
    if (exitCode !== 0 && errors.length === 0) errors.push({ severity: "error", summary: stderr.trim(), detail: "" });
    return { exitCode, errors: exitCode === 0 ? [] : errors };
  }

  async #capture(args: readonly string[]): Promise<readonly string[]> {
    const lines: string[] = [];
    const { exitCode, stderr } = await this.#run(args, (line) => lines.push(line));
    if (exitCode === 0) return lines;
    throw new Stop("failed", `terraform ${args[0]} failed:\n${stderr.trim() || lines.join("\n")}`);
  }

  /** The JSON among what a command prints: a wrapper around Terraform may print lines of its own. */
  async #captureJson(args: readonly string[]): Promise<unknown> {
    const lines = await this.#capture(args);
    const begin = lines.findIndex((line) => line.startsWith("{"));
    const end = lines.findLastIndex((line) => line.endsWith("}"));
    try {
      return JSON.parse(lines.slice(begin, end + 1).join("\n"));
    } catch {
      // Never what it printed: a plan holds secrets.
      throw new Stop("failed", `"${this.#binary} ${args.join(" ")}" printed no JSON.`, {
        remedy: "When it is a wrapper around Terraform, have Terraform itself run: set TERRAFORM_BINARY_NAME.",
      });
    }
  }

  /** @throws Stop when there is no Terraform to run. */
  async #run(args: readonly string[], onLine: (line: string) => void): Promise<{ exitCode: number; stderr: string }> {
    const stderr: string[] = [];
    const child = new Child(this.#binary, args, {
      cwd: this.#options.directory,
      env: { ...process.env, TF_INPUT: "0", TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" },
      // ^C and a terminal that closes reach Terraform only through interrupt().
      group: true,
      onLine: (line, stream) => (stream === "stdout" ? onLine(line) : stderr.push(line)),
    });
    this.#running = child;
    const { code } = await child.ended.catch(() => {
      throw new Stop("misused", `"${this.#binary}" cannot be run.`, {
        remedy: 'Install Terraform or OpenTofu, or set TERRAFORM_BINARY_NAME; "npm run doctor" tells more.',
      });
    });
    this.#running = undefined;
    return { exitCode: code ?? 1, stderr: stderr.join("\n") };
  }
}

/** Terraform and OpenTofu name the command in every message whose remedy it is. */
function asksForInit(diagnostic: Diagnostic): boolean {
  return /\b(terraform|tofu) init\b|Module not installed/.test(describeDiagnostic(diagnostic));
}
