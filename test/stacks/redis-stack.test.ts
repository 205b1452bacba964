import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { defineEnvironment, type EnvironmentInput } from "../../environments/define.ts";
import { createApp } from "../../stacks/create-app.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const outdir = mkdtempSync(join(REPOSITORY, ".synth-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const INPUT: EnvironmentInput = {
  name: "test",
  redis: { name: "queues", region: "oregon", plan: "standard" },
  backend: { name: "backend" },
  state: { type: "local", path: ".state/test.tfstate" },
};

const terraformSchema = z.object({
  resource: z.record(z.string(), z.record(z.string(), z.looseObject({}))),
  output: z.record(z.string(), z.looseObject({})),
  variable: z.record(z.string(), z.looseObject({})).optional(),
  terraform: z.looseObject({}),
});

function stack(change: Partial<EnvironmentInput> = {}) {
  createApp([defineEnvironment({ ...INPUT, ...change })], outdir).synth();
  return terraformSchema.parse(JSON.parse(readFileSync(join(outdir, "stacks/test/cdk.tf.json"), "utf8")));
}

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

test("what holds a password is a sensitive output", () => {
  const { output } = stack();
  expect(output.internal_url).toMatchObject({ sensitive: true });
  expect(output.external_url).toMatchObject({ sensitive: true });
  expect(output.memory).toEqual({ value: "1 GB" });
});

test("a service id in the environment file needs no variable", () => {
  const terraform = stack({ backend: { name: "backend", serviceId: "srv-d00000000000000000a0" } });
  expect(terraform.variable).toBeUndefined();
  expect(terraform.resource.render_env_group_link?.backend).toMatchObject({
    service_ids: ["srv-d00000000000000000a0"],
  });
});

const STATES: EnvironmentInput["state"][] = [
  { type: "local", path: ".state/test.tfstate" },
  { type: "s3", bucket: "b", key: "k", region: "us-west-2", endpoint: "https://s3.example", kmsKeyId: "alias/a" },
  { type: "gcs", bucket: "b", prefix: "p" },
  { type: "azurerm", resourceGroupName: "r", storageAccountName: "s", containerName: "c", key: "k" },
  { type: "pg", schemaName: "s" },
  {
    type: "http",
    address: "https://h.example/a",
    lockAddress: "https://h.example/l",
    unlockAddress: "https://h.example/u",
  },
  { type: "hcp", organization: "o", workspace: "w", hostname: "app.terraform.io" },
];

test.each(STATES.map((state): [string, typeof state] => [state.type, state]))(
  "Terraform accepts the block for state in %s",
  async (type, state) => {
    const terraform = stack({ state }).terraform;
    const directory = mkdtempSync(join(outdir, "state-"));
    const { required_providers: _, ...block } = terraform;
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(directory, "main.tf.json"), JSON.stringify({ terraform: block }));
    // `validate` holds the block's settings against the backend's schema, without reaching for the backend.
    const validate = await execa("terraform", ["validate", "-no-color"], {
      cwd: directory,
      env: { CHECKPOINT_DISABLE: "1" },
      reject: false,
    });
    expect(validate.stdout, type).toContain("Success!");
  },
);

test("the local state is outside of cdktf.out, by a relative path", () => {
  expect(stack().terraform).toMatchObject({ backend: { local: { path: "../../../.state/test.tfstate" } } });
});
