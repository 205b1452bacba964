import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { type Ran, REPOSITORY, Rehearsal, type RehearsalOptions, Workspace } from "../../dev/rehearsal.ts";
import type { ShortEnvironment } from "../../environments/define.ts";
import { get } from "../../render/api/endpoint.ts";
import { API, type EnvGroup, type KeyValue } from "../../render/api/endpoints.ts";
import { isLinkedTo, readEnvGroups } from "../../render/api/env-groups.ts";
import { discard } from "../secrets-in-play.ts";

const STACK = "e2e";

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

export const ENVIRONMENT: ShortEnvironment = {
  name: STACK,
  redis: {
    name: "e2e-redis",
    region: "oregon",
    plan: "starter",
    ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
    deletionProtection: false,
  },
  backend: { name: "connect-yw-backend", env: { ENABLE_QUEUES: "true" } },
  state: { type: "local", path: ".state/e2e.tfstate" },
  checks: { deadlineSeconds: 30 },
};

/** An environment, a Render on this machine to deploy it to, and what a person would type to do so. */
export class Deployment {
  readonly #rehearsal: Rehearsal;
  readonly #workspace: Workspace;
  readonly #base: ShortEnvironment;
  #environment: ShortEnvironment;

  private constructor(rehearsal: Rehearsal, base: ShortEnvironment) {
    this.#rehearsal = rehearsal;
    this.#workspace = new Workspace(base.name);
    this.#base = base;
    this.#environment = base;
    writeFileSync(this.#file("terraform.sh"), PATIENT_TERRAFORM, { mode: 0o755 });
    this.describe({});
  }

  /** @param base What {@link describe} describes differences from. */
  static async start(options: RehearsalOptions = {}, base = ENVIRONMENT): Promise<Deployment> {
    return new Deployment(await Rehearsal.start({ creationDelayMs: 300, rateLimits: "off", ...options }), base);
  }

  async stop(): Promise<void> {
    await this.#rehearsal.stop();
    discard(this.#workspace.path, this.#workspace.transcript);
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

  /** What Terraform and the checks use from now on: the right key and address, unless told otherwise. */
  useCredentials({ apiKey = this.render.apiKey, host = this.render.host }): void {
    this.#rehearsal.credentials = { apiKey, host };
  }

  /** Writes the environment file that the next command reads: the base with these differences. */
  describe(redis: Partial<ShortEnvironment["redis"]>, rest: Partial<ShortEnvironment> = {}): void {
    this.#environment = { ...this.#base, ...rest, redis: { ...this.#base.redis, ...redis } };
    writeFileSync(this.#file("environment.json"), JSON.stringify(this.#environment));
  }

  deploy(env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return this.terraform(["apply", "-auto-approve", "-input=false"], env);
  }

  destroy(): Promise<Ran> {
    return this.terraform(["destroy", "-auto-approve", "-input=false"]);
  }

  /** Whether anything is left to change: exit code 0 for no, 2 for yes. */
  plan(): Promise<Ran> {
    return this.terraform(["plan", "-input=false", "-detailed-exitcode"]);
  }

  /** Synthesizes, initializes, and runs Terraform in the stack's directory. */
  terraform(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return this.#workspace.terraform(this.#environment, args, { ...this.#rehearsal.commandVariables, ...env });
  }

  /** What Terraform knows, by address. */
  async state() {
    const { state } = this.#base;
    const file = this.#file(state.type === "local" ? state.path : "");
    if (!existsSync(file)) return new Map<string, never>();
    const { resources } = stateSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    return new Map(resources.map((resource) => [`${resource.type}.${resource.name}`, resource.instances[0]]));
  }

  /** The group that a backend is linked to. */
  async linkedGroup(serviceId = this.render.backendServiceId): Promise<EnvGroup | undefined> {
    const [group] = await readEnvGroups(this.client, this.render.ownerId, (group) => isLinkedTo(group, serviceId));
    return group;
  }

  async instances(): Promise<KeyValue[]> {
    return this.client.list(API.listKeyValues, {});
  }

  async instanceId(): Promise<string> {
    return z.string().parse((await this.state()).get("render_keyvalue.redis")?.attributes.id);
  }

  #file(name: string): string {
    return join(this.#workspace.path, name);
  }

  /** Runs a command of cdktf's command line, which synthesizes and runs Terraform itself. */
  cdktf(command: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const app = `${process.execPath} --import tsx ${relative(REPOSITORY, join(import.meta.dirname, "app.ts"))}`;
    const variables = {
      ...this.#rehearsal.commandVariables,
      TERRAFORM_BINARY_NAME: this.#file("terraform.sh"),
      DISABLE_VERSION_CHECK: "1",
      CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
      CI: "true",
      E2E_ENVIRONMENT: this.#file("environment.json"),
      ...env,
    };
    const cdktf = join(REPOSITORY, "node_modules/.bin/cdktf");
    const outdir = this.#workspace.outdir;
    const line = [cdktf, command, STACK, ...args, "--app", app, "--output", outdir];
    // As from a person's shell, with the worst umask that it can have.
    return this.#workspace.run("sh", ["-c", 'umask 0 && exec "$0" "$@"', ...line], variables, { cwd: REPOSITORY });
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
