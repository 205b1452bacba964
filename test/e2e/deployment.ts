import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import { z } from "zod";
import { LocalControl } from "../../dev/emulator/control.ts";
import { type LocalRender, type LocalRenderOptions, startLocalRender } from "../../dev/emulator/emulator.ts";
import { RENDER_API } from "../../dev/emulator/endpoints.ts";
import { exportsOf } from "../../dev/local/exports.ts";
import { type RunningProvider, startProvider } from "../../dev/terraform-provider/server.ts";
import { defineEnvironment, type EnvironmentInput } from "../../environments/define.ts";
import { RenderClient } from "../../render/api/client.ts";
import { get } from "../../render/api/endpoint.ts";
import { API, type EnvGroup, type KeyValue } from "../../render/api/endpoints.ts";
import { isLinkedTo, readEnvGroups } from "../../render/api/env-groups.ts";
import { createApp } from "../../stacks/create-app.ts";
import { discard } from "../secrets-in-play.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const STACK = "e2e";

/** How Terraform is run: through cdktf's command line, or as a pipeline does, without it. */
export type Tool = "cdktf" | "terraform";

/** What a command did, and what it printed on both streams together. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly output: string;
}

/**
 * cdktf stops reading when Terraform has ended, and on a busy machine loses its last lines: those with the reason. What
 * Terraform says is asserted here, so it stays a moment longer.
 */
const PATIENT_TERRAFORM = `#!/bin/sh
terraform "$@"
code=$?
[ $code = 0 ] || sleep 1
exit $code
`;

const stateSchema = z.object({
  resources: z.array(
    z.object({
      type: z.string(),
      name: z.string(),
      instances: z.array(z.object({ status: z.string().optional(), attributes: z.looseObject({}) })),
    }),
  ),
});

export const ENVIRONMENT: EnvironmentInput = {
  name: STACK,
  redis: {
    name: "e2e-redis",
    region: "oregon",
    plan: "starter",
    ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
    deletionProtection: false,
  },
  backend: { name: "connect-yw-backend", env: { ENABLE_QUEUES: "true" } },
  state: { type: "local", path: "e2e.tfstate" },
  checks: { deadlineSeconds: 30 },
};

/** An environment, a Render on this machine to deploy it to, and what a person would type to do so. */
export class Deployment {
  readonly render: LocalRender;
  readonly control: LocalControl;
  readonly client: RenderClient;
  readonly #tool: Tool;
  /** In the repository, because the checks run at a path relative to the Terraform. */
  readonly #workspace: string;
  readonly #socketDirectory = mkdtempSync(join(tmpdir(), "e2e-"));
  readonly #transcript: string[] = [];
  #provider: RunningProvider | undefined;
  #env: Readonly<Record<string, string>> = {};

  private constructor(tool: Tool, render: LocalRender) {
    this.#tool = tool;
    this.render = render;
    this.control = new LocalControl(render);
    this.client = new RenderClient({ apiKey: render.apiKey, host: render.host });
    mkdirSync(join(REPOSITORY, ".tmp"), { recursive: true });
    this.#workspace = mkdtempSync(join(REPOSITORY, ".tmp", "e2e-"));
  }

  static async start(tool: Tool, options: Partial<LocalRenderOptions> = {}): Promise<Deployment> {
    const directory = mkdtempSync(join(tmpdir(), "e2e-render-"));
    const render = await startLocalRender({ directory, creationDelayMs: 300, rateLimits: "off", ...options });
    const deployment = new Deployment(tool, render);
    deployment.describe({});
    await deployment.useCredentials({});
    return deployment;
  }

  async stop(): Promise<void> {
    await this.#provider?.stop();
    await this.render.stop();
    for (const directory of [this.#socketDirectory, this.render.directory]) {
      rmSync(directory, { recursive: true, force: true });
    }
    discard(this.#workspace, this.#transcript);
  }

  /** What Terraform and the checks use from now on: the right key and address, unless told otherwise. */
  async useCredentials({ apiKey = this.render.apiKey, host = this.render.host }): Promise<void> {
    await this.#provider?.stop();
    const socketDirectory = this.#socketDirectory;
    this.#provider = await startProvider({ apiKey, host, ownerId: this.render.ownerId, socketDirectory });
    const terraformConfig = join(this.#workspace, "terraform.rc");
    writeFileSync(terraformConfig, "");
    const patientTerraform = join(this.#workspace, "terraform.sh");
    writeFileSync(patientTerraform, PATIENT_TERRAFORM, { mode: 0o755 });
    this.#env = {
      ...exportsOf(this.render, this.#provider.reattach),
      RENDER_API_KEY: apiKey,
      RENDER_HOST: host,
      TF_CLI_CONFIG_FILE: terraformConfig,
      ...(this.#tool === "cdktf" ? { TERRAFORM_BINARY_NAME: patientTerraform } : {}),
      DISABLE_VERSION_CHECK: "1",
      CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
      CI: "true",
      FORCE_COLOR: "0",
      E2E_ENVIRONMENT: join(this.#workspace, "environment.json"),
    };
  }

  /** Writes the environment file that the next command reads: {@link ENVIRONMENT} with these differences. */
  describe(redis: Partial<EnvironmentInput["redis"]>, rest: Partial<EnvironmentInput> = {}): void {
    const environment = { ...ENVIRONMENT, ...rest, redis: { ...ENVIRONMENT.redis, ...redis } };
    writeFileSync(join(this.#workspace, "environment.json"), JSON.stringify(environment));
  }

  deploy(env: Record<string, string | undefined> = {}): Promise<Outcome> {
    return this.#tool === "cdktf"
      ? this.#cdktf(["deploy", STACK, "--auto-approve"], env)
      : this.terraform(["apply", "-auto-approve", "-input=false"], env);
  }

  destroy(): Promise<Outcome> {
    return this.#tool === "cdktf"
      ? this.#cdktf(["destroy", STACK, "--auto-approve"], {})
      : this.terraform(["destroy", "-auto-approve", "-input=false"]);
  }

  /** Whether anything is left to change: exit code 0 for no, 2 for yes. */
  plan(): Promise<Outcome> {
    return this.terraform(["plan", "-input=false", "-detailed-exitcode"]);
  }

  /** Synthesizes, initializes, and runs Terraform in the stack's directory. */
  async terraform(args: string[], env: Record<string, string | undefined> = {}): Promise<Outcome> {
    const environment = JSON.parse(readFileSync(join(this.#workspace, "environment.json"), "utf8"));
    createApp([defineEnvironment(environment)], this.#outdir).synth();
    const init = await this.#run("terraform", ["init", "-input=false", "-no-color"], env);
    return init.exitCode === 0 ? this.#run("terraform", [...args, "-no-color"], env) : init;
  }

  /** What Terraform knows, by address. */
  async state() {
    const file = join(this.#workspace, "e2e.tfstate");
    if (!existsSync(file)) return new Map<string, never>();
    const { resources } = stateSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    return new Map(resources.map((resource) => [`${resource.type}.${resource.name}`, resource.instances[0]]));
  }

  /** The group that a backend is linked to. */
  async linkedGroup(serviceId = this.render.backendServiceId): Promise<EnvGroup | undefined> {
    const [group] = await readEnvGroups(this.client, (group) => isLinkedTo(group, serviceId));
    return group;
  }

  async instances(): Promise<KeyValue[]> {
    return this.client.list(API.listKeyValues, {});
  }

  async instanceId(): Promise<string> {
    return z.string().parse((await this.state()).get("render_keyvalue.redis")?.attributes.id);
  }

  get #outdir(): string {
    return join(this.#workspace, "cdktf.out");
  }

  #cdktf(args: string[], env: Record<string, string | undefined>): Promise<Outcome> {
    const app = `${process.execPath} --import tsx ${relative(REPOSITORY, join(import.meta.dirname, "app.ts"))}`;
    const cdktf = join(REPOSITORY, "node_modules/.bin/cdktf");
    return this.#run(cdktf, [...args, "--app", app, "--output", this.#outdir], env, REPOSITORY);
  }

  async #run(
    command: string,
    args: string[],
    env: Record<string, string | undefined>,
    cwd = join(this.#outdir, "stacks", STACK),
  ): Promise<Outcome> {
    const result = await execa(command, args, { cwd, env: { ...this.#env, ...env }, all: true, reject: false });
    this.#transcript.push(result.all);
    return { exitCode: result.exitCode, output: result.all };
  }
}

/** Creates another backend like the one that is there already, and waits until it runs. Gives its id. */
export async function createBackend({ client, render }: Deployment, name: string, region: string): Promise<string> {
  const whole = get("/services/:id", z.object({ serviceDetails: z.looseObject({}) }));
  const { serviceDetails } = await client.call(whole, { id: render.backendServiceId });
  const envVars = await client.list(API.listServiceEnvVars, { id: render.backendServiceId });
  const { service } = await client.call(
    RENDER_API.createService,
    {},
    {
      name,
      ownerId: render.ownerId,
      type: "web_service",
      autoDeploy: "no",
      serviceDetails: { ...serviceDetails, region },
      envVars,
    },
  );
  await expect
    .poll(async () => (await client.first(API.listDeploys, { id: service.id }))[0]?.status, { timeout: 20_000 })
    .toBe("live");
  return service.id;
}
