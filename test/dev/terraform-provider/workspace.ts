import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { installedFrom, pluginDirectory } from "../../../dev/terraform-provider/plugins.ts";
import { type RunningProvider, startProvider } from "../../../dev/terraform-provider/server.ts";
import { API_KEY, OWNER, WatchedRender } from "./watched-render.ts";

const shownState = z.object({
  values: z
    .object({
      root_module: z.object({
        resources: z.array(z.object({ type: z.string(), values: z.record(z.string(), z.unknown()) })).optional(),
      }),
    })
    .optional(),
});

/** That groups can be linked to. */
const SERVICES = ["srv-a", "srv-b", "srv-c", "srv-other", "srv-backend"];

export interface Run {
  readonly exitCode: number;
  /** Both streams, as a person sees them, without the frame's characters and with lines joined. */
  readonly output: string;
}

export type Config = Readonly<Record<string, unknown>>;

/** A directory in which real Terraform runs against the providers and the emulator. */
export class Workspace {
  readonly render: WatchedRender;
  readonly #directory: string;
  readonly #provider: RunningProvider | undefined;

  private constructor(directory: string, render: WatchedRender, provider: RunningProvider | undefined) {
    this.#directory = directory;
    this.render = render;
    this.#provider = provider;
  }

  /** With the providers of this project, or with those in the plugin directory that the environment names. */
  static async open({ limited = false } = {}): Promise<Workspace> {
    const directory = await mkdtemp(join(tmpdir(), "tf-"));
    const render = await WatchedRender.start(join(directory, "render"), ...SERVICES);
    const own = pluginDirectory() === undefined;
    const provider = own ? await startProvider({ socketDirectory: join(directory, "s"), limited }) : undefined;
    return new Workspace(directory, render, provider);
  }

  async close(): Promise<void> {
    await this.#provider?.stop();
    this.render.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Terraform on a fresh state, in a shell with the variables of Render's provider. */
  async fresh(name: string, variables: Readonly<Record<string, string>> = {}): Promise<Terraform> {
    const plugins = this.#provider?.plugins ?? pluginDirectory() ?? "";
    const { host } = this.render;
    const shell = { RENDER_API_KEY: API_KEY, RENDER_OWNER_ID: OWNER, RENDER_HOST: host, ...variables };
    return Terraform.in(join(this.#directory, name), plugins, shell);
  }
}

/** One Terraform working directory. */
export class Terraform {
  readonly #directory: string;
  readonly #env: Readonly<Record<string, string>>;
  #initialized = false;

  private constructor(directory: string, env: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.#env = env;
  }

  static async in(directory: string, plugins: string, variables: Readonly<Record<string, string>>): Promise<Terraform> {
    const cliConfig = join(directory, "cli.tfrc");
    await mkdir(directory, { recursive: true });
    await writeFile(cliConfig, installedFrom(plugins));
    return new Terraform(directory, {
      ...variables,
      TF_CLI_CONFIG_FILE: cliConfig,
      CHECKPOINT_DISABLE: "1",
      TF_INPUT: "0",
    });
  }

  /** The same directory in a shell with other variables. */
  with(variables: Readonly<Record<string, string>>): Terraform {
    return new Terraform(this.#directory, { ...this.#env, ...variables });
  }

  /** Writes the configuration; the providers' sources are added. */
  async write(config: Config): Promise<void> {
    const terraform = {
      required_providers: {
        render: { source: "render-oss/render", version: "1.9.1" },
        null: { source: "hashicorp/null", version: "3.2.4" },
      },
    };
    await writeFile(join(this.#directory, "main.tf.json"), JSON.stringify({ terraform, ...config }));
    if (this.#initialized) return;
    const { exitCode, output } = await this.run("init");
    if (exitCode !== 0) throw new Error(output);
    this.#initialized = true;
  }

  async run(...args: readonly string[]): Promise<Run> {
    const { exitCode, all } = await this.start(...args);
    return { exitCode: exitCode ?? -1, output: unframed(all) };
  }

  start(...args: readonly string[]) {
    const [command = "", ...rest] = args;
    return execa("terraform", [...command.split(" "), "-no-color", ...rest], {
      cwd: this.#directory,
      env: this.#env,
      all: true,
      reject: false,
    });
  }

  async apply(...args: readonly string[]): Promise<Run> {
    return this.run("apply", "-auto-approve", ...args);
  }

  /** Exit code 0 when nothing is left to change, 2 when something is. */
  async plan(...args: readonly string[]): Promise<Run> {
    return this.run("plan", "-detailed-exitcode", ...args);
  }

  /** What a command says in JSON. */
  async json(...args: readonly string[]): Promise<unknown> {
    const { stdout } = await execa("terraform", [...args, "-json"], { cwd: this.#directory, env: this.#env });
    return JSON.parse(stdout);
  }

  /** The values of a resource in the state, secrets included. */
  async state(type: string): Promise<Record<string, unknown> | undefined> {
    const { values } = shownState.parse(await this.json("show"));
    return values?.root_module.resources?.find((each) => each.type === type)?.values;
  }
}

/** Terraform frames and wraps its diagnostics; a test wants to read sentences. */
function unframed(output: string): string {
  return output.replaceAll(/[╷│╵]/g, "").replaceAll(/\s+/g, " ");
}

/** A Redis as an environment would have it. */
export const REDIS = { name: "cache", plan: "standard", region: "oregon", max_memory_policy: "noeviction" };

export function redis(changes: Config = {}): Config {
  return { resource: { render_keyvalue: { redis: { ...REDIS, ...changes } } } };
}

/** An expression inside a Terraform text. */
export function interpolate(expression: string): string {
  return `\${${expression}}`;
}
