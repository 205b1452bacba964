import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { vi } from "vitest";
import { z } from "zod";
import { Rehearsal } from "../../dev/rehearsal.ts";
import { defineEnvironment, type ShortEnvironment } from "../../environments/define.ts";
import { openPlan } from "../../pipeline/open-plan.ts";
import { approvalOf } from "../../pipeline/plan.ts";
import { EMPTY_PLAN } from "../../pipeline/review/plan/planned.ts";
import { type Review, reviewPlan } from "../../pipeline/review/review.ts";
import { describeErrors } from "../../pipeline/review-stack.ts";
import { readStack } from "../../pipeline/synthesized-stack.ts";
import { Terraform } from "../../pipeline/terraform.ts";
import { createApp } from "../../stacks/create-app.ts";
import { discard } from "../secrets-in-play.ts";

/** Every environment here has the same name: it is a stack, and so an address, that all plans share. */
const NAME = "staging";

const block = z.record(z.string(), z.record(z.string(), z.looseObject({})));
const terraformSchema = z.looseObject({ resource: block, output: z.record(z.string(), z.looseObject({})) });

/** A stack's Terraform, for a test to change by hand. */
export type Terraformed = z.output<typeof terraformSchema>;

/** An environment with differences from a plain one: a starter instance that this machine may reach. */
export interface Described {
  readonly redis?: Partial<ShortEnvironment["redis"]>;
  readonly rest?: Partial<ShortEnvironment>;
  /** What no environment file can say. */
  readonly edit?: (terraform: Terraformed) => void;
}

export interface Planned extends Described {
  /** The state to begin from; a fresh one without it. */
  readonly from?: string;
  readonly mode?: Review["mode"];
  readonly replace?: readonly string[];
  /** Terraform's own commands on the state, first. */
  readonly before?: readonly string[][];
}

/** One Render, one provider and some states that were really applied: enough to make any plan in a fraction of a second. */
export class PlanWorkshop {
  readonly #rehearsal: Rehearsal;
  readonly #directory = mkdtempSync(join(tmpdir(), "plans-"));
  #plans = 0;

  private constructor(rehearsal: Rehearsal) {
    this.#rehearsal = rehearsal;
    for (const [name, value] of Object.entries(rehearsal.commandVariables)) vi.stubEnv(name, value);
  }

  static async start(): Promise<PlanWorkshop> {
    return new PlanWorkshop(await Rehearsal.start({ creationDelayMs: 1, rateLimits: "off" }));
  }

  get control() {
    return this.#rehearsal.control;
  }

  get client() {
    return this.#rehearsal.client;
  }

  async stop(): Promise<void> {
    vi.unstubAllEnvs();
    await this.#rehearsal.stop();
    discard(this.#directory);
  }

  /** Applies an environment for real, without the commands in its graph. Gives the instance's id. */
  async prepare(state: string, described: Described): Promise<string> {
    const directory = join(this.#directory, state);
    mkdirSync(directory);
    this.#write(directory, described, true);
    await this.#terraform(directory, ["init", "-input=false"]);
    await this.#terraform(directory, ["apply", "-auto-approve", "-input=false"]);
    return this.output(state, "instance_id");
  }

  /** Applies what the last {@link prepare} described, with other differences. */
  async change(state: string, described: Described): Promise<void> {
    const directory = join(this.#directory, state);
    this.#write(directory, described, true);
    await this.#terraform(directory, ["apply", "-auto-approve", "-input=false"]);
  }

  async output(state: string, name: string): Promise<string> {
    return this.#terraform(join(this.#directory, state), ["output", "-raw", name]);
  }

  /** The environment group of a state. */
  async groupId(state: string): Promise<string> {
    const shown = await this.#terraform(join(this.#directory, state), [
      "state",
      "show",
      "-no-color",
      "render_env_group.backend",
    ]);
    return /id\s+= "(evg-[a-z0-9]+)"/.exec(shown)?.[1] ?? "";
  }

  /** A real plan, and the review of it. */
  async plan({ from, mode = "change", replace = [], before = [], ...described }: Planned): Promise<Review> {
    const directory = join(this.#directory, `plan-${++this.#plans}`);
    mkdirSync(directory);
    if (from !== undefined) cpSync(join(this.#directory, from), directory, { recursive: true });
    this.#write(directory, described, false);
    if (from === undefined) await this.#terraform(directory, ["init", "-input=false"]);
    for (const args of before) await this.#terraform(directory, args);

    const stack = readStack(NAME, stackDirectory(directory));
    const terraform = new Terraform({ directory: stackDirectory(directory) });
    const out = join(directory, "plan.tfplan");
    const { exitCode, errors } = await terraform.plan({ out, mode, replace });
    const opening = { environment: NAME, directory: stackDirectory(directory), shell: { decides: {} } };
    const opened = exitCode === 0 || existsSync(out) ? await openPlan(terraform, out, opening) : undefined;
    const planned = opened?.planned ?? EMPTY_PLAN;
    // The states share one workspace, and some of them a name; each is reviewed as if it were alone.
    const review = reviewPlan(planned, { ...stack, mode, others: [], errors: describeErrors(planned, errors, NAME) });
    const isKept = opened !== undefined && exitCode === 0 && mode !== "refresh-only" && review.verdict !== "no changes";
    return isKept ? { ...review, ...approvalOf(opened) } : review;
  }

  /** Synthesizes into a directory. */
  #write(directory: string, { redis, rest, edit }: Described, withoutCommands: boolean): void {
    const environment = defineEnvironment({
      name: NAME,
      backend: { name: "connect-yw-backend", env: { ENABLE_QUEUES: "true" } },
      state: { type: "local", path: "state.tfstate" },
      ...rest,
      redis: {
        name: "queues",
        region: "oregon",
        plan: "starter",
        ipAllowList: [{ cidrBlock: "192.0.2.7/32", description: "office" }],
        deletionProtection: false,
        ...redis,
      },
    });
    createApp([environment], join(directory, "cdktf.out")).synth();
    const file = join(stackDirectory(directory), "cdk.tf.json");
    const terraform = terraformSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    edit?.(terraform);
    if (withoutCommands) {
      for (const step of Object.values(terraform.resource.null_resource ?? {})) delete step.provisioner;
    }
    writeFileSync(file, JSON.stringify(terraform));
  }

  async #terraform(directory: string, args: readonly string[]): Promise<string> {
    return (await execa("terraform", args, { cwd: stackDirectory(directory) })).stdout;
  }
}

function stackDirectory(directory: string): string {
  return join(directory, "cdktf.out", "stacks", NAME);
}
