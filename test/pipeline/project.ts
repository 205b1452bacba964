import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Options as ExecaOptions, execa } from "execa";
import { Checkout } from "../../dev/checkout.ts";
import { Rehearsal } from "../../dev/rehearsal.ts";
import type { ShortEnvironment } from "../../environments/define.ts";
import type { Review } from "../../pipeline/review/review.ts";
import { discard } from "../secrets-in-play.ts";

// The worst that a person's shell can have: everything that is made is open to everybody.
process.umask(0);

/** What a command did, and what it printed on both streams together. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly output: string;
}

export const STAGING: ShortEnvironment = {
  name: "staging",
  redis: {
    name: "staging-redis",
    region: "oregon",
    plan: "starter",
    ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
    deletionProtection: false,
  },
  backend: { name: "connect-yw-backend", env: { ENABLE_QUEUES: "true" } },
  state: { type: "local", path: ".state/staging.tfstate" },
  checks: { deadlineSeconds: 30 },
};

/** A checkout of this repository and a Render on this machine, for commands to be run as people and pipelines run them. */
export class Project extends Checkout {
  readonly #rehearsal: Rehearsal;
  readonly #env: Readonly<Record<string, string>>;
  /** Every byte that a command printed. */
  readonly transcript: string[] = [];

  private constructor(rehearsal: Rehearsal, env: Readonly<Record<string, string>>) {
    super();
    this.#rehearsal = rehearsal;
    this.#env = { ...rehearsal.commandVariables, CI: "", ...env };
    this.describe({});
  }

  /** @param env What commands get beside what a local Render exports. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<Project> {
    return new Project(await Rehearsal.start({ creationDelayMs: 200, rateLimits: "off" }), env);
  }

  get render() {
    return this.#rehearsal.render;
  }

  get control() {
    return this.#rehearsal.control;
  }

  get client() {
    return this.#rehearsal.client;
  }

  /** Somebody else's checkout of the same: the same Render, files of its own. {@link remove} it at the end. */
  checkOut(): Project {
    return new Project(this.#rehearsal, this.#env);
  }

  remove(): void {
    discard(this.path, this.transcript);
  }

  async stop(): Promise<void> {
    await this.#rehearsal.stop();
    this.remove();
  }

  /** Writes the environment `staging`: {@link STAGING} with these differences. */
  describe(redis: Partial<ShortEnvironment["redis"]>, rest: Partial<ShortEnvironment> = {}): void {
    this.write({ ...STAGING, ...rest, redis: { ...STAGING.redis, ...redis } });
  }

  plan(...args: string[]): Promise<Outcome> {
    return this.run(process.execPath, ["render-redis.mjs", "plan", ...args]);
  }

  /** Applies the saved plan as somebody who has approved it, unless the arguments say otherwise. */
  apply(environment: string, ...args: string[]): Promise<Outcome> {
    const approved = args.includes("--fingerprint") ? [] : this.approval(environment);
    return this.run(process.execPath, ["render-redis.mjs", "apply", environment, ...approved, ...args]);
  }

  /** The options that approve the plan that is saved. */
  approval(environment: string): string[] {
    const { fingerprint } = this.savedReview(environment);
    return fingerprint === undefined ? [] : ["--fingerprint", fingerprint];
  }

  savedReview(environment: string): Partial<Review> {
    const file = join(this.path, ".plans", environment, "review.json");
    if (!existsSync(file)) return {};
    return JSON.parse(readFileSync(file, "utf8")).review;
  }

  async run(command: string, args: readonly string[], options: Partial<ExecaOptions> = {}): Promise<Outcome> {
    const { exitCode, stdout, all } = await this.start(command, args, options);
    this.transcript.push(all);
    return { exitCode, stdout, output: all };
  }

  /** Starts a command and does not wait for it. */
  start(command: string, args: readonly string[], { env, ...options }: Partial<ExecaOptions> = {}) {
    return execa(command, args, {
      ...options,
      cwd: this.path,
      env: { ...this.#env, ...env },
      all: true,
      reject: false,
      lines: false,
      encoding: "utf8",
      stdout: "pipe",
      stderr: "pipe",
    });
  }
}
