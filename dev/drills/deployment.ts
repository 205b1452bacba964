import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvironmentInput } from "../../environments/define.ts";
import { runChild } from "../../runtime/child-process.ts";
import { Stop } from "../../runtime/errors.ts";
import type { LocalRender } from "../emulator/emulator.ts";
import { exportsOf } from "../local/exports.ts";
import { type RunningProvider, startProvider } from "../terraform-provider/server.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const NAME = "drill";
const LAST_LINES = 30;

/** The drill's environment. What a drill changes in it, an operator changes in a file of `environments/`. */
export const ENVIRONMENT: EnvironmentInput = {
  name: NAME,
  redis: {
    name: "drill-redis",
    region: "oregon",
    plan: "starter",
    ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
    deletionProtection: false,
  },
  backend: {
    name: "connect-yw-backend",
    env: { ENABLE_QUEUES: "true" },
    healthPath: "/health",
    drainCommand: "node --import tsx examples/backend/drain.ts",
  },
  state: { type: "local", path: "drill.tfstate" },
  checks: { deadlineSeconds: 60 },
};

/** An environment that Terraform deploys to a local Render. */
export class Deployment {
  /** In the repository, because Terraform runs the checks at a path relative to itself. */
  readonly #workspace: string;
  readonly #sockets: string;
  readonly #provider: RunningProvider;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(workspace: string, sockets: string, provider: RunningProvider, env: Record<string, string>) {
    this.#workspace = workspace;
    this.#sockets = sockets;
    this.#provider = provider;
    this.#env = env;
  }

  static async open(render: LocalRender): Promise<Deployment> {
    await mkdir(join(REPOSITORY, ".tmp"), { recursive: true });
    const workspace = await mkdtemp(join(REPOSITORY, ".tmp", "drill-"));
    const sockets = await mkdtemp(join(tmpdir(), "drill-"));
    const { apiKey, host, ownerId } = render;
    const provider = await startProvider({ apiKey, host, ownerId, socketDirectory: sockets });
    const terraformConfig = join(workspace, "terraform.rc");
    await writeFile(terraformConfig, "");
    const env = {
      ...exportsOf(render, provider.reattach),
      TF_CLI_CONFIG_FILE: terraformConfig,
      CDKTF_OUTDIR: join(workspace, "cdktf.out"),
      FORCE_COLOR: "0",
    };
    return new Deployment(workspace, sockets, provider, env);
  }

  /**
   * Brings Render to what the environment says.
   *
   * @param args More for `terraform apply`, such as `-replace=…`.
   * @throws Stop with the last lines when it fails.
   */
  async apply(environment: EnvironmentInput, args: readonly string[] = []): Promise<void> {
    const env = { ...this.#env, DRILL_ENVIRONMENT: JSON.stringify(environment) };
    await run(process.execPath, ["--import", "tsx", "dev/drills/app.ts"], { cwd: REPOSITORY, env });
    const cwd = join(this.#workspace, "cdktf.out", "stacks", NAME);
    await run("terraform", ["init", "-input=false", "-no-color"], { cwd, env });
    await run("terraform", ["apply", "-auto-approve", "-input=false", "-no-color", ...args], { cwd, env });
  }

  async close(): Promise<void> {
    await this.#provider.stop();
    for (const directory of [this.#workspace, this.#sockets]) await rm(directory, { recursive: true, force: true });
  }
}

async function run(command: string, args: readonly string[], options: { cwd: string; env: Record<string, string> }) {
  const lines: string[] = [];
  const env = { ...process.env, ...options.env };
  const { code } = await runChild(command, args, { ...options, env, onLine: (line) => lines.push(line) });
  if (code !== 0) throw new Stop("failed", `${command} ${args[0]} failed:\n${lines.slice(-LAST_LINES).join("\n")}`);
}
