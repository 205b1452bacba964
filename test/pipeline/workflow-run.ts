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
});

const jobSchema = z.looseObject({
  needs: z.string().optional(),
  if: z.string().optional(),
  env: variables,
  environment: z.string().optional(),
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

/**
 * Runs a workflow's commands in order, as GitHub's runner does: with bash, outputs between steps and jobs, conditions and
 * artifacts. What only GitHub can do, checking out and installing, is taken as done.
 */
export class WorkflowRun {
  readonly #project: Project;
  readonly #directory: string;
  readonly #event: Event;
  readonly #jobs: Record<string, JobResult> = {};

  constructor(project: Project, directory: string, event: Event) {
    this.#project = project;
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
    const before = job.needs === undefined ? undefined : this.#jobs[job.needs];
    const waited = before === undefined || before.result === "success";
    if (!waited || !this.#holds(job.if ?? "true", {}, false)) return { result: "skipped", outputs: {}, steps: [] };
    const outputs: Record<string, Record<string, string>> = {};
    const results: StepResult[] = [];
    let hasFailed = false;
    for (const step of job.steps) {
      if (!this.#holds(step.if ?? "success()", outputs, hasFailed)) continue;
      if (hasFailed && !/always\(\)|failure\(\)/.test(step.if ?? "")) continue;
      if (step.uses !== undefined) this.#use(step.uses, this.#expandAll(step.with, outputs));
      if (step.run === undefined || step.run === "npm ci") continue;
      const file = join(this.#directory, `output-${results.length}`);
      writeFileSync(file, "");
      const stepEnv = this.#expandAll({ ...env, ...job.env, ...step.env }, outputs);
      const { exitCode, output } = await this.#project.run("bash", ["-eo", "pipefail", "-c", step.run], {
        env: { ...stepEnv, ...this.#runnerEnv(), GITHUB_OUTPUT: file },
      });
      results.push({ name: step.name ?? step.run, exitCode, output });
      hasFailed ||= exitCode !== 0;
      if (step.id !== undefined) outputs[step.id] = readOutputs(file);
    }
    return {
      result: hasFailed ? "failure" : "success",
      outputs: this.#expandAll(job.outputs, outputs),
      steps: results,
    };
  }

  #runnerEnv(): Record<string, string> {
    return {
      PATH: `${join(this.#directory, "bin")}:${process.env.PATH}`,
      GITHUB_ACTIONS: "true",
      GITHUB_REPOSITORY: "team/redis",
      GITHUB_SHA: this.#event.github.sha,
      GITHUB_ACTOR: "octocat",
      GITHUB_STEP_SUMMARY: join(this.#directory, "summary.md"),
      GH_WORLD: this.#directory,
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

  #expandAll(all: Record<string, string>, outputs: object): Record<string, string> {
    const expand = (text: string) =>
      text.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) =>
        String(this.#evaluate(expression, outputs, false) ?? ""),
      );
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, expand(value)]));
  }

  #holds(expression: string, outputs: object, hasFailed: boolean): boolean {
    return Boolean(this.#evaluate(expression, outputs, hasFailed));
  }

  /** GitHub's expressions, as far as these workflows use them, are JavaScript's with contexts that never throw. */
  #evaluate(expression: string, stepOutputs: object, hasFailed: boolean): unknown {
    const steps = Object.fromEntries(Object.entries(stepOutputs).map(([id, outputs]) => [id, { outputs }]));
    const contexts = {
      ...this.#event,
      github: { token: "ghs_token", repository: "team/redis", ...this.#event.github },
      inputs: this.#event.inputs ?? {},
      needs: this.#jobs,
      steps,
      always: () => true,
      success: () => !hasFailed,
      failure: () => hasFailed,
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
