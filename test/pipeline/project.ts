import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Options as ExecaOptions, execa } from "execa";
import { LocalControl } from "../../dev/emulator/control.ts";
import { type LocalRender, startLocalRender } from "../../dev/emulator/emulator.ts";
import { exportsOf } from "../../dev/local/exports.ts";
import { type RunningProvider, startProvider } from "../../dev/terraform-provider/server.ts";
import type { EnvironmentInput } from "../../environments/define.ts";
import { RenderClient } from "../../render/api/client.ts";
import { discard } from "../secrets-in-play.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
/** Not part of what is deployed, or made by a run. */
const LEFT_OUT = new Set(["node_modules", "cdktf.out", "test", "bench", "dev", "examples", "dist"]);

/** What a command did, and what it printed on both streams together. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly output: string;
}

export const STAGING: EnvironmentInput = {
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
export class Project {
  readonly path = mkdtempSync(join(tmpdir(), "project-"));
  readonly render: LocalRender;
  readonly control: LocalControl;
  readonly client: RenderClient;
  readonly #provider: RunningProvider;
  readonly #env: Readonly<Record<string, string>>;
  /** Every byte that a command printed. */
  readonly transcript: string[] = [];

  private constructor(render: LocalRender, provider: RunningProvider, env: Readonly<Record<string, string>>) {
    this.render = render;
    this.#provider = provider;
    this.control = new LocalControl(render);
    this.client = new RenderClient({ apiKey: render.apiKey, host: render.host });
    for (const name of readdirSync(REPOSITORY)) {
      if (LEFT_OUT.has(name) || (name.startsWith(".") && name !== ".github")) continue;
      cpSync(join(REPOSITORY, name), join(this.path, name), { recursive: true });
    }
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.path, "node_modules"));
    const terraformConfig = join(this.path, "terraform.rc");
    writeFileSync(terraformConfig, "");
    this.#env = {
      ...exportsOf(render, provider.reattach),
      TF_CLI_CONFIG_FILE: terraformConfig,
      FORCE_COLOR: "0",
      CI: "",
      ...env,
    };
    this.describe({});
  }

  /** @param env What commands get beside what a local Render exports. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<Project> {
    const directory = mkdtempSync(join(tmpdir(), "project-render-"));
    const render = await startLocalRender({ directory, creationDelayMs: 200, rateLimits: "off" });
    const provider = await startProvider({ ...render, socketDirectory: join(render.socketDirectory, "provider") });
    return new Project(render, provider, env);
  }

  /** Somebody else's checkout of the same: the same Render, files of its own. {@link remove} it at the end. */
  checkOut(): Project {
    return new Project(this.render, this.#provider, this.#env);
  }

  remove(): void {
    discard(this.path, this.transcript);
  }

  async stop(): Promise<void> {
    await this.#provider.stop();
    await this.render.stop();
    rmSync(this.render.directory, { recursive: true, force: true });
    this.remove();
  }

  /** Writes the environment `staging`: {@link STAGING} with these differences. */
  describe(redis: Partial<EnvironmentInput["redis"]>, rest: Partial<EnvironmentInput> = {}): void {
    const environment = { ...STAGING, ...rest, redis: { ...STAGING.redis, ...redis } };
    writeFileSync(
      join(this.path, "environments/staging.ts"),
      `import { defineEnvironment } from "./define.ts";\n\nexport const staging = defineEnvironment(${JSON.stringify(environment)});\n`,
    );
  }

  plan(...args: string[]): Promise<Outcome> {
    return this.run(process.execPath, ["cli/start.cjs", "plan", ...args]);
  }

  apply(...args: string[]): Promise<Outcome> {
    return this.run(process.execPath, ["cli/start.cjs", "apply", ...args]);
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
