import { relative } from "node:path";
import { z } from "zod";
import { Child } from "../runtime/child-process.ts";
import { Stop } from "../runtime/errors.ts";
import { until } from "../runtime/wait.ts";
import { type Diagnostic, describeDiagnostic, readEvent, type TerraformEvent } from "./terraform-event.ts";

const stateSchema = z.object({ lineage: z.string().min(1) });

/** How long to wait for somebody else's lock on the state. */
const LOCK_TIMEOUT = "60s";

/** The exit code of `terraform plan -detailed-exitcode` when it found something to do. */
const HAS_CHANGES = 2;

/** How long a request to stop waits for what is being created, and how long in all until Terraform is ended by force. */
const STOP_MS = { held: 25_000, all: 30_000 } as const;
/** After the second request: how long Terraform gets to save its state. */
const INSIST_MS = 400;

/** How the program that runs Terraform is asked to stop. */
export interface Stopping {
  /** Takes what is called at each request, with its reason. */
  readonly onInterruption: (listener: (reason: string) => void) => void;
  /** Is given work that a stop waits for. */
  readonly finish: (work: Promise<unknown>) => void;
}

interface TerraformOptions {
  /** The directory with the Terraform. */
  readonly directory: string;
  readonly stopping?: Stopping;
  /** What its steps find beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Is told what a request to stop waits for. */
  readonly onStop?: (text: string) => void;
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
  /** Looks at what is going to be planned, once what it needs is installed. What it throws ends the planning. */
  readonly before?: () => void;
}

/** How a command of Terraform ended, and what was wrong; no errors when it succeeded. */
interface Ended {
  readonly exitCode: number;
  readonly errors: readonly Diagnostic[];
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
  /** What is being read, created or changed at the moment. */
  readonly #busy = new Map<string, "created" | "read or changed">();
  #requests = 0;
  #reason = "";

  constructor(options: TerraformOptions) {
    this.#options = options;
    options.stopping?.onInterruption((reason) => void this.#stop(reason));
  }

  get #stopped(): string {
    return `Stopped: ${this.#reason}.`;
  }

  /** Whether it was asked to stop. */
  get isStopped(): boolean {
    return this.#requests > 0;
  }

  /**
   * Plans and saves the plan. Initializes first where Terraform says that it must: init costs as much as a plan, and is
   * needed once.
   */
  async plan(options: PlanOptions): Promise<Ended> {
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
    options.before?.();
    const first = await this.#plan(args);
    if (!first.errors.some(asksForInit)) return first;
    await this.init();
    options.before?.();
    return this.#plan(args);
  }

  async #plan(args: readonly string[]): Promise<Ended> {
    const { exitCode, errors } = await this.#report(args);
    return exitCode === HAS_CHANGES ? { exitCode: 0, errors: [] } : { exitCode, errors };
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

  /**
   * Asks the running command to end as with ^C: Terraform cancels what its provider does, and saves the state. So what is
   * being created is waited for: Render would have it, and no state. Asked again, nothing is waited for.
   */
  async #stop(reason: string): Promise<void> {
    this.#requests += 1;
    this.#reason = reason;
    const child = this.#running;
    if (child === undefined) return;
    const { onStop = () => {} } = this.#options;
    const isOver = () => !child.running;
    if (this.#requests > 1) {
      this.#interrupt(child);
      if (!(await until(isOver, { first: 20, withinMs: INSIST_MS }))) child.signal("SIGKILL");
      return;
    }
    const begin = performance.now();
    const created = () => [...this.#busy].flatMap(([address, what]) => (what === "created" ? [address] : []));
    const doing = created().length > 0 ? `${created().join(", ")} to be created` : "Terraform to stop";
    const busy =
      this.#busy.size === 0 || created().length > 0 ? "" : `, which is at ${[...this.#busy.keys()].join(", ")}`;
    onStop(`stopping (${reason}): waiting for ${doing}${busy}, ${STOP_MS.all / 1000} s at most`);
    const isFree = () => created().length === 0 || isOver() || this.#requests > 1;
    await until(isFree, { first: 20, withinMs: STOP_MS.held });
    if (this.#requests > 1) return;
    this.#interrupt(child);
    if (!(await until(isOver, { first: 20, withinMs: begin + STOP_MS.all - performance.now() })))
      child.signal("SIGKILL");
  }

  #interrupt(child: Child): void {
    // Terraform alone: it asks the commands that it runs.
    if (child.running && child.pid !== undefined) process.kill(child.pid, "SIGINT");
  }

  /** Follows what Terraform is at. A command in the graph is nothing that could be lost. */
  #follow({ type, hook }: TerraformEvent): void {
    if (hook === undefined) return;
    const { addr } = hook.resource;
    const isCommand = /(^|\.)(null_resource|terraform_data)\./.test(addr);
    if (type === "apply_start" && hook.action === "create" && !isCommand) this.#busy.set(addr, "created");
    else if (/^(apply|refresh)_start$/.test(type)) this.#busy.set(addr, "read or changed");
    else if (/^(apply|refresh)_(complete|errored)$/.test(type)) this.#busy.delete(addr);
  }

  async #report(args: readonly string[], onEvent: (event: TerraformEvent) => void = () => {}): Promise<Ended> {
    const errors: Diagnostic[] = [];
    const { exitCode, stderr } = await this.#run(args, (line) => {
      const event = readEvent(line);
      if (event === undefined) return;
      if (event.diagnostic?.severity === "error") errors.push(event.diagnostic);
      this.#follow(event);
      onEvent(event);
      this.#options.onEvent?.(event);
    });
    // What goes wrong before Terraform reads its options, or while it dies, is not in its JSON.
    if (exitCode !== 0 && errors.length === 0) {
      const summary = this.isStopped ? this.#stopped : stderr.trim();
      errors.push({ severity: "error", summary, detail: "" });
    }
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
    if (this.isStopped) throw new Stop("failed", this.#stopped);
    const stderr: string[] = [];
    this.#busy.clear();
    const child = new Child(this.#binary, args, {
      cwd: this.#options.directory,
      env: { ...process.env, ...this.#options.env, TF_INPUT: "0", TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" },
      // ^C and a terminal that closes reach Terraform only through interrupt().
      group: true,
      onLine: (line, stream) => (stream === "stdout" ? onLine(line) : stderr.push(line)),
    });
    this.#running = child;
    this.#options.stopping?.finish(child.ended);
    const { code } = await child.ended.catch(() => {
      throw new Stop("misused", `"${this.#binary}" cannot be run.`, {
        remedy: 'Install Terraform or OpenTofu, or set TERRAFORM_BINARY_NAME; "npm run doctor" tells more.',
      });
    });
    this.#running = undefined;
    return { exitCode: code ?? 1, stderr: stderr.join("\n") };
  }
}

/**
 * Terraform and OpenTofu name the command where it is the remedy. Of plugins that are no longer where they were, as those of a
 * local Render that was removed, they do so only outside automation.
 */
function asksForInit(diagnostic: Diagnostic): boolean {
  return /\b(terraform|tofu) init\b|^(Module|Required plugins are) not installed/.test(describeDiagnostic(diagnostic));
}
