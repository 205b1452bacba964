import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { defineEnvironment, type EnvironmentInput, type ShortEnvironment } from "../../environments/define.ts";
import { resolveEnvironments } from "../../environments/environments.ts";
import { ENVIRONMENTS } from "../../environments/list.ts";
import { readableTerraform, readStack } from "../../pipeline/synthesized-stack.ts";
import { expectedInstanceSchema } from "../../render/instance.ts";
import { createApp } from "../../stacks/create-app.ts";
import { resourceName, STEP_IDS, STEPS } from "../../steps/steps.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const outdir = mkdtempSync(join(REPOSITORY, ".synth-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

type EncryptionInput = NonNullable<Extract<ShortEnvironment["state"], { type: "local" }>["encryption"]>;

const INPUT: ShortEnvironment = {
  name: "test",
  redis: { name: "queues", region: "oregon", plan: "standard" },
  backend: { name: "backend" },
  state: { type: "local", path: ".state/test.tfstate" },
};

const terraformSchema = z.object({
  resource: z.record(z.string(), z.record(z.string(), z.looseObject({}))),
  locals: z.record(z.string(), z.record(z.string(), z.unknown())),
  output: z.record(z.string(), z.looseObject({})),
  variable: z.record(z.string(), z.looseObject({})).optional(),
  terraform: z.looseObject({}),
  moved: z.unknown().optional(),
});

function stack(change: Partial<ShortEnvironment> = {}) {
  const environment = defineEnvironment({ ...INPUT, ...change });
  createApp([environment], outdir).synth();
  return terraformSchema.parse(
    JSON.parse(readFileSync(join(outdir, "stacks", environment.name, "cdk.tf.json"), "utf8")),
  );
}

test("synthesized/ is what the sources give", () => {
  const environments = resolveEnvironments(ENVIRONMENTS);
  createApp(environments, outdir).synth();
  for (const { name } of environments) {
    const committed = readFileSync(join(REPOSITORY, `synthesized/${name}.tf.json`), "utf8");
    expect(readableTerraform(readFileSync(join(outdir, `stacks/${name}/cdk.tf.json`), "utf8"))).toBe(committed);
  }
});

test("the addresses are a contract: renaming one destroys what is there", () => {
  const addresses = Object.entries(stack().resource).flatMap(([type, resources]) =>
    Object.keys(resources).map((name) => `${type}.${name}`),
  );
  expect(addresses.sort()).toEqual([
    "null_resource.backend_checks",
    "null_resource.backend_leave",
    "null_resource.backend_roll_out",
    "null_resource.preflight",
    "null_resource.redis_checks",
    "render_env_group.backend",
    "render_env_group_link.backend",
    "render_keyvalue.redis",
  ]);
  expect(Object.keys(stack().output).sort()).toEqual([
    "deletion_protection",
    "eviction_policy",
    "external_url",
    "instance_id",
    "internal_url",
    "memory",
    "plan",
  ]);
});

test("the order is preflight, instance, checks, group, link, roll-out, and the way out in between", () => {
  const { resource } = stack();
  expect(resource.render_keyvalue?.redis).toMatchObject({ depends_on: ["null_resource.preflight"] });
  expect(resource.null_resource?.redis_checks).toMatchObject({
    triggers: { instance_id: `\${render_keyvalue.redis.id}` },
  });
  expect(resource.null_resource?.backend_leave).toMatchObject({ depends_on: ["null_resource.redis_checks"] });
  expect(resource.render_env_group?.backend).toMatchObject({ depends_on: ["null_resource.backend_leave"] });
  expect(resource.null_resource?.backend_roll_out).toMatchObject({ depends_on: ["render_env_group_link.backend"] });
  expect(resource.render_env_group_link?.backend).toMatchObject({ env_group_id: `\${render_env_group.backend.id}` });
});

test("a backend that can empty an instance does so after everything that uses it is gone", () => {
  const { resource } = stack({ backend: { name: "backend", drainCommand: "npm run drain" } });
  expect(resource.null_resource?.redis_drain).toMatchObject({
    depends_on: ["null_resource.redis_checks"],
    triggers: { instance_id: `\${render_keyvalue.redis.id}` },
  });
  expect(resource.null_resource?.redis_hand_over).toMatchObject({ depends_on: ["null_resource.backend_roll_out"] });
  expect(resource.null_resource?.backend_leave).toMatchObject({ depends_on: ["null_resource.redis_drain"] });
});

const checkSchema = z.looseObject({
  triggers: z.record(z.string(), z.string()),
  provisioner: z.tuple([z.object({ "local-exec": z.looseObject({ environment: z.record(z.string(), z.string()) }) })]),
});

/** The step that runs the checks on the instance, with differences in what is described. */
function checks(redis: Partial<ShortEnvironment["redis"]> = {}, rest: Partial<ShortEnvironment> = {}) {
  const { resource, locals } = stack({ ...rest, redis: { ...INPUT.redis, ...redis } });
  const { triggers, provisioner } = checkSchema.parse(resource.null_resource?.redis_checks);
  const known = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, resolved(text, locals)]));
  return { triggers: known(triggers), environment: known(provisioner[0]["local-exec"].environment) };
}

/** A text as Terraform makes it of what it refers to. */
function resolved(text: string, locals: z.output<typeof terraformSchema>["locals"]): string {
  return text.replace(/^\$\{(jsonencode\()?local\.(\w+)(?:\.(\w+))?\)?\}$/, (_, json, name, field) => {
    const value = field === undefined ? locals[name] : locals[name]?.[field];
    return json === undefined ? String(value) : JSON.stringify(value);
  });
}

test("what an apply sets back is proven again: the instance by its checks, the link by a roll-out", () => {
  const { null_resource: steps = {} } = stack().resource;
  const follows = Object.entries(steps).map(([name, step]) => [name, Object(step.lifecycle).replace_triggered_by]);
  expect(Object.fromEntries(follows.filter(([, addresses]) => addresses !== undefined))).toEqual({
    // Without a template around the address: Terraform reads it in no other form.
    redis_checks: ["render_keyvalue.redis"],
    backend_roll_out: ["render_env_group_link.backend"],
  });
});

test("the checks get the id and what is expected, and no secret", () => {
  const { environment } = checks();
  expect(Object.keys(environment).sort()).toEqual([
    "REDIS_CHECKS",
    "REDIS_EXPECTED",
    "REDIS_INSTANCE_ID",
    "SERVICE_IDS",
    "TERRAFORM_DIRECTORY",
  ]);
  expect(environment.REDIS_INSTANCE_ID).toBe(`\${render_keyvalue.redis.id}`);
  expect(expectedInstanceSchema.parse(JSON.parse(environment.REDIS_EXPECTED ?? ""))).toEqual({
    environment: "test",
    name: "queues",
    region: "oregon",
    plan: "standard",
    evictionPolicy: "noeviction",
    persistence: "journal_snapshot",
    ipAllowList: [],
    internalAuthentication: false,
  });
  expect(JSON.stringify(environment)).not.toContain("connection_info");
});

test.each<[string, Partial<ShortEnvironment["redis"]>, Partial<ShortEnvironment>?]>([
  ["name", { name: "other" }],
  ["region", { region: "ohio" }],
  ["plan", { plan: "pro" }],
  [
    "policy",
    { evictionPolicy: "allkeys_lru" },
    { exceptions: [{ rule: "queues-never-evict", reason: "It is measured." }] },
  ],
  ["role", { role: "cache", evictionPolicy: "noevict" }],
  ["queues", { queues: ["celery"] }],
  ["persistence", { persistence: "snapshot" }],
  ["allow list", { ipAllowList: [{ cidrBlock: "192.0.2.0/24", description: "office" }] }],
  ["internal authentication", { internalAuthentication: true }],
  ["deadline", {}, { checks: { deadlineSeconds: 60 } }],
  ["accepting unknown", {}, { checks: { acceptUnknown: true } }],
])("the checks run again when the %s changes", (_what, redis, rest) => {
  expect(checks(redis, rest).triggers).not.toEqual(checks().triggers);
});

test.each<[string, Partial<ShortEnvironment["redis"]>]>([
  ["deletion protection", { deletionProtection: false }],
  ["the spelling of the plan", { plan: "1g" }],
  ["memory that the plan has", { memory: "1 GB" }],
])("the checks do not run again for %s", (_what, redis) => {
  expect(checks(redis).triggers).toEqual(checks().triggers);
});

test("the checks know the service that can look from inside, and do not run again for another one", () => {
  const { triggers, environment } = checks({}, { backend: { name: "backend", serviceId: "srv-d00000000000000000a0" } });
  expect(environment.SERVICE_IDS).toBe(`\${jsonencode([local.backend.serviceId])}`);
  expect(triggers).toEqual(checks().triggers);
});

test("what no environment of the repository has: a plan by contract, a password inside, an id in the file", () => {
  const serviceId = "srv-d00000000000000000a0";
  const { resource, output } = stack({
    redis: { ...INPUT.redis, plan: "CustomBig", internalAuthentication: true },
    backend: { name: "backend", serviceId, env: { B: "1", A: "2", C: "3" }, drainCommand: "npm run drain" },
  });
  expect(output.memory).toEqual({ value: "by contract" });
  const url = "render_keyvalue.redis.connection_info.internal_connection_string";
  expect(resource.null_resource?.backend_roll_out).toMatchObject({
    triggers: {
      redis_url: `\${nonsensitive(sha256(${url}))}`,
      env: `\${jsonencode(local.backend.env)}`,
      service_id: serviceId,
    },
  });
  expect(resource.null_resource?.redis_drain).toMatchObject({
    provisioner: [{ "local-exec": { environment: { BACKEND_SERVICE_ID: serviceId } } }],
  });
  expect(resource.null_resource?.backend_leave).toMatchObject({ for_each: `\${toset(["${serviceId}"])}` });
});

test("every step of the table has its place in the stack", () => {
  const subjects = { environment: undefined, instance: "redis", service: "backend" };
  const names = STEP_IDS.map((step) => resourceName(step, subjects[STEPS[step].each]));
  const { resource } = stack({ backend: { name: "backend", drainCommand: "npm run drain" } });
  expect(Object.keys(resource.null_resource ?? {}).sort()).toEqual(names.sort());
});

const INSTANCE = { region: "oregon", plan: "starter", deletionProtection: false } as const;
const TEAM = {
  redis: { queue: { ...INSTANCE, name: "queue" }, cache: { ...INSTANCE, name: "cache", role: "cache" } },
  services: {
    web: { name: "web", uses: { REDIS_URL: "queue", CACHE_URL: "cache" }, env: { A: "1" } },
    worker: {
      ...{ name: "worker", uses: { REDIS_URL: "queue", RESULTS: { redis: "queue", database: 1 } } },
      drain: { queue: "node drain.js" },
    },
    nightly: { name: "nightly", id: "crn-d00000000000000000a0", uses: { CACHE_HOST: { redis: "cache", as: "host" } } },
  },
} satisfies Pick<EnvironmentInput, "redis" | "services">;

/** Of a whole team, with a difference. */
function team(change: Partial<EnvironmentInput> = {}) {
  createApp([{ name: "team", state: INPUT.state, ...TEAM, ...change }], outdir).synth();
  return terraformSchema.parse(JSON.parse(readFileSync(join(outdir, "stacks/team/cdk.tf.json"), "utf8")));
}

test("several of each: an instance's checks come before any group that names it, and services follow each other", () => {
  const { resource, output, variable } = team();
  const dependencies = (type: string) =>
    Object.fromEntries(Object.entries(resource[type] ?? {}).map(([name, { depends_on }]) => [name, depends_on]));
  expect(dependencies("render_keyvalue")).toEqual({
    queue: ["null_resource.preflight"],
    cache: ["null_resource.preflight"],
  });
  expect(dependencies("null_resource")).toMatchObject({
    queue_drain: ["null_resource.queue_checks"],
    web_leave: ["null_resource.queue_drain", "null_resource.cache_checks"],
    worker_leave: ["null_resource.queue_drain"],
    nightly_leave: ["null_resource.cache_checks"],
    // All that use it have left the one before.
    queue_hand_over: ["null_resource.web_roll_out", "null_resource.worker_roll_out"],
  });
  expect(dependencies("render_env_group")).toEqual({
    web: ["null_resource.web_leave"],
    worker: ["null_resource.worker_leave", "null_resource.web_checks"],
    nightly: ["null_resource.nightly_leave", "null_resource.worker_checks"],
  });
  expect(resource.render_env_group?.worker).toMatchObject({
    name: "worker-redis-env",
    env_vars: { RESULTS: { value: `redis://\${render_keyvalue.queue.id}:6379/1` } },
  });
  expect(Object.keys(variable ?? {}).sort()).toEqual(["emulator", "web_service_id", "worker_service_id"]);
  expect(Object.keys(output)).toContain("cache_instance_id");
});

test("an instance is alone where there is no service", () => {
  const { resource } = team({ redis: TEAM.redis.queue, services: {} });
  expect(Object.keys(resource.null_resource ?? {}).sort()).toEqual(["preflight", "redis_checks"]);
  expect(resource.render_env_group).toBeUndefined();
});

test("keys that are the stack's own words are keys like any other", () => {
  const keys = ["plan", "memory", "state", "emulator", "null", "render", "instance_id"];
  const redis = Object.fromEntries(keys.map((key) => [key, { ...INSTANCE, name: key }]));
  expect(Object.keys(team({ redis, services: {} }).resource.render_keyvalue ?? {}).sort()).toEqual(keys.sort());
});

test("a larger plan changes the description and the instance, and no step's lines", () => {
  const terraform = (plan: "starter" | "standard") =>
    readableTerraform(JSON.stringify(stack({ redis: { ...INPUT.redis, plan } })));
  const lines = (text: string) => text.split("\n");
  const [before, after] = [lines(terraform("starter")), lines(terraform("standard"))];
  const changed = after.filter((line, index) => line !== before[index]).map((line) => line.trim());
  expect(changed).toEqual(['"plan": "standard",', '"plan": "standard",', '"value": "1 GB"', '"value": "standard"']);
});

test("a field that only one of several has leaves a place in the triggers of preflight", () => {
  const { triggers } = Object(team().resource.null_resource?.preflight);
  expect(triggers).toMatchObject({
    plan: `\${jsonencode([local.queue.plan, local.cache.plan])}`,
    role: `\${jsonencode([null, local.cache.role])}`,
  });
});

test("another key moves all that there is of an entry, and changes no trigger", () => {
  const { web, ...others } = TEAM.services;
  const uses = { REDIS_URL: "jobs", CACHE_URL: "cache" };
  const renamed = team({
    redis: { jobs: { ...TEAM.redis.queue, formerly: "queue" }, cache: TEAM.redis.cache },
    services: {
      site: { ...web, id: "srv-d00000000000000000a0", uses, formerly: "web" },
      worker: {
        ...others.worker,
        uses: { REDIS_URL: "jobs", RESULTS: { redis: "jobs", database: 1 } },
        drain: { jobs: "x" },
      },
      nightly: others.nightly,
    },
  });
  const addresses = (terraform: ReturnType<typeof team>) =>
    Object.entries(terraform.resource).flatMap(([type, all]) => Object.keys(all).map((name) => `${type}.${name}`));
  const moved = z.array(z.object({ from: z.string(), to: z.string() })).parse(renamed.moved);
  const ways = new Map(moved.map(({ from, to }) => [from, to]));
  expect(
    addresses(team())
      .map((address) => ways.get(address) ?? address)
      .sort(),
  ).toEqual(addresses(renamed).sort());
  expect(moved).toHaveLength(4 + 5);
});

test("what holds a password is a sensitive output", () => {
  const { output } = stack();
  expect(output.internal_url).toMatchObject({ sensitive: true });
  expect(output.external_url).toMatchObject({ sensitive: true });
  expect(output.memory).toEqual({ value: "1 GB" });
});

test("a service id in the environment file needs no variable", () => {
  const terraform = stack({ backend: { name: "backend", serviceId: "srv-d00000000000000000a0" } });
  expect(Object.keys(terraform.variable ?? {})).toEqual(["emulator"]);
  expect(terraform.resource.render_env_group_link?.backend).toMatchObject({
    service_ids: ["srv-d00000000000000000a0"],
  });
});

const ENCRYPTED = { type: "local", path: ".state/test.tfstate", encryption: { key: { type: "passphrase" } } } as const;

test.each<[EncryptionInput, provider: object, passphrase: boolean]>([
  [
    { key: { type: "passphrase" } },
    { pbkdf2: { state: { passphrase: expect.stringMatching(/^..var\.state_passphrase.$/) } } },
    true,
  ],
  [
    { key: { type: "aws_kms", kmsKeyId: "alias/a", region: "us-west-2" } },
    { aws_kms: { state: { kms_key_id: "alias/a", region: "us-west-2", key_spec: "AES_256" } } },
    false,
  ],
  [
    { key: { type: "gcp_kms", kmsEncryptionKey: "projects/p" }, migrating: true },
    { gcp_kms: { state: { kms_encryption_key: "projects/p", key_length: 32 } } },
    false,
  ],
])("OpenTofu encrypts state and plan with %o", (encryption, key_provider, hasPassphrase) => {
  const { terraform, variable = {} } = stack({ state: { ...ENCRYPTED, encryption } });
  const use = encryption.migrating
    ? { method: "method.aes_gcm.state", fallback: { method: "method.unencrypted.migrating" } }
    : { method: "method.aes_gcm.state", enforced: true };
  expect(terraform.encryption).toMatchObject({ key_provider, state: use, plan: use });
  expect(terraform.required_version).toBe(">= 1.12");
  // Nothing of it is among the settings of the place.
  expect(terraform.backend).toEqual({ local: { path: "../../../.state/test.tfstate" } });
  expect(variable.state_passphrase).toEqual(
    hasPassphrase
      ? expect.objectContaining({ type: "string", sensitive: true, nullable: false, default: "" })
      : undefined,
  );
});

const tofu = process.env.TOFU ?? "tofu";
const hasTofu = spawnSync(tofu, ["version"]).status === 0;

// Where OpenTofu is missing this is skipped, and counted as skipped.
test.skipIf(!hasTofu)("OpenTofu takes it: the state has nothing to read in it, and is read again", async () => {
  const { terraform, variable } = stack({ state: ENCRYPTED });
  const directory = join(outdir, "tofu/stacks/test");
  mkdirSync(directory, { recursive: true });
  const output = { it: { value: "to be found", sensitive: true } };
  const { encryption, backend } = terraform;
  writeFileSync(
    join(directory, "cdk.tf.json"),
    JSON.stringify({
      terraform: { encryption, backend },
      variable: { state_passphrase: variable?.state_passphrase },
      output,
    }),
  );
  const env = { ...process.env, TF_VAR_state_passphrase: "sixteen letters!", CHECKPOINT_DISABLE: "1", TF_INPUT: "0" };
  const run = (...args: string[]) => spawnSync(tofu, args, { cwd: directory, env, encoding: "utf8" });
  expect(run("init").stderr).not.toContain("Error");
  expect(run("apply", "-auto-approve").status).toBe(0);
  expect(run("plan", "-detailed-exitcode", "-out=a.tfplan").status).toBe(0);
  for (const file of [join(outdir, ".state/test.tfstate"), join(directory, "a.tfplan")]) {
    expect(readFileSync(file, "latin1")).not.toContain("to be found");
  }
  expect(run("output", "-raw", "it").stdout).toBe("to be found");
  env.TF_VAR_state_passphrase = "other letters!!!!";
  expect(run("plan").status).toBe(1);
});

const address = "https://h.example/a";
const EXACT = /^\d+\.\d+\.\d+$/;

const STATES: readonly [ShortEnvironment["state"], settings: object][] = [
  // Outside of cdktf.out, by a relative path.
  [{ type: "local", path: ".state\\test.tfstate" }, { path: "../../../.state/test.tfstate" }],
  [
    { type: "s3", bucket: "b", key: "k", region: "us-west-2" },
    { bucket: "b", key: "k", region: "us-west-2", encrypt: true, use_lockfile: true },
  ],
  [
    {
      ...{ type: "s3", bucket: "b", key: "k", region: "r", encrypt: false, useLockfile: false },
      ...{ endpoint: "https://s3.example", kmsKeyId: "alias/a" },
    },
    {
      ...{ bucket: "b", key: "k", region: "r", encrypt: false, use_lockfile: false },
      ...{ endpoints: { s3: "https://s3.example" }, kms_key_id: "alias/a", use_path_style: true },
      ...{ skip_credentials_validation: true, skip_metadata_api_check: true, skip_region_validation: true },
      ...{ skip_requesting_account_id: true, skip_s3_checksum: true },
    },
  ],
  [
    { type: "gcs", bucket: "b", prefix: "p" },
    { bucket: "b", prefix: "p" },
  ],
  [
    { type: "azurerm", resourceGroupName: "r", storageAccountName: "s", containerName: "c", key: "k" },
    { resource_group_name: "r", storage_account_name: "s", container_name: "c", key: "k" },
  ],
  [{ type: "pg", schemaName: "s" }, { schema_name: "s" }],
  [{ type: "http", address }, { address }],
  [
    { type: "http", address, lockAddress: "https://h.example/l", unlockAddress: "https://h.example/u" },
    { address, lock_address: "https://h.example/l", unlock_address: "https://h.example/u" },
  ],
  [
    { type: "hcp", organization: "o", workspace: "w" },
    { organization: "o", workspaces: { name: "w" } },
  ],
  [
    { type: "hcp", organization: "o", workspace: "w", hostname: "app.terraform.io" },
    { organization: "o", workspaces: { name: "w" }, hostname: "app.terraform.io" },
  ],
];

test.each(STATES)("Terraform is told of, and accepts, the state in %o", async (state, settings) => {
  const { required_providers: _, required_version, ...block } = stack({ state }).terraform;
  expect(required_version).toBe(state.type === "s3" && state.useLockfile !== false ? ">= 1.10" : ">= 1.9");
  expect(block).toEqual(state.type === "hcp" ? { cloud: settings } : { backend: { [state.type]: settings } });
  const directory = mkdtempSync(join(outdir, "state-"));
  writeFileSync(join(directory, "main.tf.json"), JSON.stringify({ terraform: block }));
  // `validate` holds the block's settings against the backend's schema, without reaching for the backend.
  const validate = await execa("terraform", ["validate", "-no-color"], {
    cwd: directory,
    env: { CHECKPOINT_DISABLE: "1" },
    reject: false,
  });
  expect(validate.stdout).toContain("Success!");
});

test("every provider is pinned to one version: a fresh checkout has no lock file", () => {
  const { required_providers } = stack().terraform;
  const versions = Object.values(z.record(z.string(), z.object({ version: z.string() })).parse(required_providers));
  expect(versions.map(({ version }) => version)).toEqual([expect.stringMatching(EXACT), expect.stringMatching(EXACT)]);
});

test("a review is told what the policy says", () => {
  const exceptions = [{ rule: "production-remote-state", reason: "Until the team has chosen." }];
  stack({ name: "prod", exceptions });
  expect(readStack("prod", join(outdir, "stacks/prod")).policy).toEqual({ warnings: [], exceptions });
  stack({ redis: { ...INPUT.redis, ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "all" }] } });
  expect(readStack("test", join(outdir, "stacks/test")).policy).toMatchObject({ warnings: [{ rule: "not-open" }] });
});
