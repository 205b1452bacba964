import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineEnvironment, type EnvironmentInput } from "../environments/define.ts";
import { RenderClient } from "../render/api/client.ts";
import { type ChildOptions, runChild } from "../runtime/child-process.ts";
import { createApp } from "../stacks/create-app.ts";
import { EmulatorControl } from "./emulator/control.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "./emulator/emulator.ts";
import { installedFrom, pluginDirectory } from "./terraform-provider/plugins.ts";
import { type RunningProvider, startProvider } from "./terraform-provider/server.ts";

export const REPOSITORY = join(import.meta.dirname, "..");

export interface RehearsalOptions extends Partial<EmulatorOptions> {
  /** Whose Terraform provider: this project's, which is the default, or Render's own from a registry. */
  readonly provider?: "local" | "registry";
}

/** Render on this machine, and the Terraform provider that talks to it. */
export class Rehearsal {
  readonly render: Emulator;
  readonly control: EmulatorControl;
  readonly client: RenderClient;
  /** What Terraform, cdktf and the checks use. */
  credentials: { readonly apiKey: string; readonly host: string };
  #provider: RunningProvider | undefined;
  /** Where Terraform finds its providers; `undefined` for a registry. */
  #plugins: string | undefined;
  readonly #isTemporary: boolean;

  private constructor(render: Emulator, isTemporary: boolean) {
    this.render = render;
    this.control = new EmulatorControl(render);
    this.client = new RenderClient({ apiKey: render.apiKey, host: render.host });
    this.credentials = render;
    this.#isTemporary = isTemporary;
  }

  /** Without a directory the state is in a temporary one, which is removed at the end. */
  static async start({ provider = "local", ...options }: RehearsalOptions = {}): Promise<Rehearsal> {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), "rehearsal-"));
    const render = await startEmulator({ ...options, directory });
    const rehearsal = new Rehearsal(render, options.directory === undefined);
    try {
      if (provider === "local") await rehearsal.#provide(options.rateLimits !== "off");
    } catch (error) {
      await rehearsal.stop();
      throw error;
    }
    return rehearsal;
  }

  async #provide(limited: boolean): Promise<void> {
    this.#plugins = pluginDirectory();
    if (this.#plugins === undefined) {
      this.#provider = await startProvider({ socketDirectory: join(this.render.socketDirectory, "provider"), limited });
      this.#plugins = this.#provider.plugins;
    }
    writeFileSync(this.#settings, installedFrom(this.#plugins));
  }

  /** Terraform's settings: the person's own do not count where no registry is needed. */
  get #settings(): string {
    return join(this.render.directory, "terraform.rc");
  }

  /** For a person's shell: the {@link variables}, marked so that no environment that is for Render itself is deployed here. */
  get exports(): Record<string, string> {
    return { ...this.variables, TF_VAR_emulator: "true" };
  }

  /** What Terraform, cdktf and this project need to work against this Render. */
  get variables(): Record<string, string> {
    return {
      RENDER_HOST: this.credentials.host,
      RENDER_API_KEY: this.credentials.apiKey,
      RENDER_OWNER_ID: this.render.ownerId,
      ...(this.#plugins === undefined ? {} : { TF_CLI_CONFIG_FILE: this.#settings }),
      TF_VAR_backend_service_id: this.render.backendServiceId,
      NODE_EXTRA_CA_CERTS: this.render.caFile,
      // Terraform asks for nothing and sends nothing home.
      TF_INPUT: "0",
      CHECKPOINT_DISABLE: "1",
      CDKTF_SKIP_PROVIDER_LOCK: "true",
    };
  }

  /** The {@link variables}, for a command whose output is read. */
  get commandVariables(): Record<string, string> {
    return { ...this.variables, FORCE_COLOR: "0" };
  }

  async stop(): Promise<void> {
    await this.#provider?.stop();
    await this.render.stop();
    if (this.#isTemporary) rmSync(this.render.directory, { recursive: true, force: true });
  }
}

type Env = Readonly<NodeJS.ProcessEnv>;

/** What a command did, and what it printed on both streams together. */
export interface Ran {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Where one environment is synthesized and Terraform runs: in the repository, because the commands in its graph need it. */
export class Workspace {
  readonly path: string;
  /** What all commands printed. */
  readonly transcript: string[] = [];
  readonly #name: string;

  /** @param name Of the environment, and so of its stack. */
  constructor(name: string) {
    this.#name = name;
    mkdirSync(join(REPOSITORY, ".tmp"), { recursive: true });
    this.path = mkdtempSync(join(REPOSITORY, ".tmp", `${name}-`));
  }

  get outdir(): string {
    return join(this.path, "cdktf.out");
  }

  /** Where the environment's Terraform is. */
  get stack(): string {
    return join(this.outdir, "stacks", this.#name);
  }

  /** Synthesizes an environment, initializes, and runs Terraform. */
  async terraform(environment: EnvironmentInput, args: readonly string[], env: Env): Promise<Ran> {
    createApp([defineEnvironment(environment)], this.outdir).synth();
    const init = await this.run("terraform", ["init", "-input=false", "-no-color"], env);
    return init.exitCode === 0 ? this.run("terraform", [...args, "-no-color"], env) : init;
  }

  /** Runs a command, by default where the environment's Terraform is. */
  async run(command: string, args: readonly string[], env: Env, options: Omit<RunOptions, "env"> = {}): Promise<Ran> {
    const ran = await runCommand(command, args, { cwd: this.stack, ...options, env });
    this.transcript.push(ran.output);
    return ran;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

type RunOptions = Pick<ChildOptions, "cwd" | "onLine" | "signal" | "graceMs"> & { readonly env: Env };

/** Runs a command with some variables beside those of this process. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env, onLine, ...options }: RunOptions,
): Promise<Ran> {
  const lines: string[] = [];
  const { code } = await runChild(command, args, {
    ...options,
    env: { ...process.env, ...env },
    onLine(line, stream) {
      lines.push(line);
      onLine?.(line, stream);
    },
  });
  return { exitCode: code, output: lines.join("\n") };
}
