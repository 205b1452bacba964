import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Project } from "./project.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const variables = z.record(z.string(), scalar).default({});

const stepSchema = z.strictObject({
  name: z.string().optional(),
  id: z.string().optional(),
  if: scalar.optional(),
  uses: z.string().optional(),
  with: variables,
  env: variables,
  run: z.string().optional(),
  shell: z.literal("bash").optional(),
});

export const actionSchema = z.looseObject({
  inputs: z.record(z.string(), z.looseObject({ default: scalar.optional() })),
  runs: z.object({ using: z.literal("composite"), steps: z.array(stepSchema) }),
});

const jobSchema = z.looseObject({
  needs: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .transform((names) => [names].flat()),
  if: z.string().optional(),
  env: variables,
  environment: z.string().optional(),
  permissions: z.record(z.string(), z.string()).optional(),
  outputs: variables,
  steps: z.array(stepSchema),
});

export const workflowSchema = z.looseObject({
  name: z.string(),
  on: z.looseObject({}),
  permissions: z.record(z.string(), z.string()),
  env: variables,
  jobs: z.record(z.string(), jobSchema),
});

/** What expressions can name, beside the steps and jobs that ran. */
export interface Event {
  readonly github: { readonly event_name: string; readonly event: object; readonly sha: string };
  readonly inputs?: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
}

export interface StepResult {
  readonly name: string;
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface JobResult {
  readonly result: "success" | "failure" | "skipped";
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly StepResult[];
}

/** Where a runner has checked the repository out, and runs commands. */
type Checkout = Pick<Project, "path" | "run">;

/** What lets a step or a job run after something has failed. */
const ANYWAY = /always\(\)|cancelled\(\)|failure\(\)/;

type Outputs = Record<string, Record<string, string>>;

/** What the steps of a job have come to. */
interface Progress {
  readonly results: StepResult[];
  hasFailed: boolean;
}

/**
 * Runs a workflow's commands in order, as GitHub's runner does: with bash, outputs between steps and jobs, conditions and
 * artifacts. What only GitHub can do, checking out and installing, is taken as done.
 */
export class WorkflowRun {
  readonly #project: Checkout;
  readonly #directory: string;
  readonly #event: Event;
  readonly #shell: Readonly<Record<string, string>>;
  readonly #jobs: Record<string, JobResult> = {};

  /** @param shell What every command gets beside what the workflow says. */
  constructor(checkout: Checkout, directory: string, event: Event, shell: Readonly<Record<string, string>> = {}) {
    this.#project = checkout;
    this.#shell = shell;
    this.#directory = directory;
    this.#event = event;
  }

  /** @param betweenJobs Called after each job that ran. */
  async run(file: string, betweenJobs: () => void): Promise<Readonly<Record<string, JobResult>>> {
    const workflow = workflowSchema.parse(parse(readFileSync(file, "utf8")));
    for (const [name, job] of Object.entries(workflow.jobs)) {
      const result = await this.#runJob(job, workflow.env);
      this.#jobs[name] = result;
      if (result.result === "success") betweenJobs();
    }
    return this.#jobs;
  }

  async #runJob(job: z.output<typeof jobSchema>, env: Record<string, string>): Promise<JobResult> {
    const waited = job.needs.every((name) => this.#jobs[name]?.result === "success");
    const may = waited || ANYWAY.test(job.if ?? "");
    if (!may || !this.#holds(job.if ?? "true", {}, false)) return { result: "skipped", outputs: {}, steps: [] };
    const outputs: Outputs = {};
    const progress: Progress = { results: [], hasFailed: false };
    await this.#runSteps(job.steps, { ...env, ...job.env }, outputs, progress);
    return {
      result: progress.hasFailed ? "failure" : "success",
      outputs: this.#expandAll(job.outputs, outputs),
      steps: progress.results,
    };
  }

  async #runSteps(
    steps: readonly z.output<typeof stepSchema>[],
    env: Record<string, string>,
    outputs: Outputs,
    progress: Progress,
    inputs = this.#event.inputs ?? {},
  ): Promise<void> {
    for (const step of steps) {
      if (!this.#holds(step.if ?? "success()", outputs, progress.hasFailed, inputs)) continue;
      if (progress.hasFailed && !ANYWAY.test(step.if ?? "")) continue;
      const settings = this.#expandAll(step.with, outputs, inputs);
      if (step.uses?.startsWith("./")) await this.#runAction(step.uses, settings, env, progress);
      else if (step.uses !== undefined) this.#use(step.uses, settings);
      if (step.run === undefined || step.run === "npm ci --omit=dev --ignore-scripts") continue;
      const file = join(this.#directory, `output-${progress.results.length}`);
      writeFileSync(file, "");
      const stepEnv = this.#expandAll({ ...env, ...step.env }, outputs, inputs);
      const { exitCode, output } = await this.#project.run("bash", ["-eo", "pipefail", "-c", step.run], {
        env: { ...stepEnv, ...this.#runnerEnv(), GITHUB_OUTPUT: file },
      });
      progress.results.push({ name: step.name ?? step.run, exitCode, output });
      progress.hasFailed ||= exitCode !== 0;
      if (step.id !== undefined) outputs[step.id] = readOutputs(file);
    }
  }

  /** An action of the repository's own. Its steps stand in the place of the one that uses it. */
  async #runAction(path: string, settings: Record<string, string>, env: Record<string, string>, progress: Progress) {
    const { inputs, runs } = actionSchema.parse(
      parse(readFileSync(join(this.#project.path, path, "action.yml"), "utf8")),
    );
    const defaults = Object.entries(inputs).map(([name, { default: otherwise = "" }]) => [name, otherwise]);
    await this.#runSteps(runs.steps, env, {}, progress, { ...Object.fromEntries(defaults), ...settings });
  }

  #runnerEnv(): Record<string, string> {
    return {
      PATH: `${join(this.#directory, "bin")}:${process.env.PATH}`,
      GITHUB_ACTIONS: "true",
      GITHUB_REPOSITORY: "team/redis",
      GITHUB_SHA: this.#event.github.sha,
      GITHUB_SERVER_URL: "https://github.example",
      GITHUB_RUN_ID: "100",
      GITHUB_ACTOR: "octocat",
      GITHUB_STEP_SUMMARY: join(this.#directory, "summary.md"),
      GH_WORLD: this.#directory,
      ...this.#shell,
    };
  }

  #use(action: string, settings: Record<string, string>): void {
    const store = join(this.#directory, "artifacts", settings.name ?? "");
    if (action.startsWith("actions/upload-artifact@")) {
      const path = settings.path ?? "";
      // Patterns are for what people look at later; no later job reads it.
      if (path.includes("*")) return;
      mkdirSync(store, { recursive: true });
      cpSync(join(this.#project.path, path), join(store, basename(path)));
    } else if (action.startsWith("actions/download-artifact@")) {
      if (!existsSync(store)) throw new Error(`No artifact "${settings.name}" was uploaded.`);
      cpSync(store, this.#project.path, { recursive: true });
    }
  }

  #expandAll(all: Record<string, string>, outputs: object, inputs = this.#event.inputs ?? {}): Record<string, string> {
    const expand = (text: string) =>
      text.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) =>
        String(this.#evaluate(expression, outputs, false, inputs) ?? ""),
      );
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, expand(value)]));
  }

  #holds(expression: string, outputs: object, hasFailed: boolean, inputs = this.#event.inputs ?? {}): boolean {
    const bare = expression.replace(/^\$\{\{(.*)\}\}$/, "$1");
    return Boolean(this.#evaluate(bare, outputs, hasFailed, inputs));
  }

  /** GitHub's expressions, as far as these workflows use them, are JavaScript's with contexts that never throw. */
  #evaluate(expression: string, stepOutputs: object, hasFailed: boolean, inputs: object): unknown {
    const steps = Object.fromEntries(Object.entries(stepOutputs).map(([id, outputs]) => [id, { outputs }]));
    const contexts = {
      ...this.#event,
      github: { token: "ghs_token", repository: "team/redis", ...this.#event.github },
      inputs,
      needs: this.#jobs,
      steps,
      always: () => true,
      success: () => !hasFailed,
      failure: () => hasFailed,
      cancelled: () => false,
    };
    const names = Object.keys(contexts);
    const safe = expression.trim().replaceAll(/\b((?:github|inputs|needs|steps|secrets|vars)[\w.-]*)/g, (path) => {
      const [root, ...keys] = path.split(".");
      return `(${root}${keys.map((key) => `?.["${key}"]`).join("")} ?? "")`;
    });
    return new Function(...names, `return (${safe})`)(...Object.values(contexts));
  }
}

function readOutputs(file: string): Record<string, string> {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.includes("="));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
