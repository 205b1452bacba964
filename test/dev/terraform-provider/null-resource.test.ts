import { afterAll, beforeAll, expect, test } from "vitest";
import { type Config, interpolate, REDIS, Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.open();
});
afterAll(() => workspace.close());

function check(triggers: Config | undefined, command = "echo checked"): Config {
  const provisioner = { "local-exec": { command } };
  return { resource: { null_resource: { check: { ...(triggers === undefined ? {} : { triggers }), provisioner } } } };
}

test("runs its provisioner again exactly when its triggers change", async () => {
  const terraform = await workspace.fresh("triggers");
  await terraform.write(check({ plan: "starter" }));
  expect((await terraform.apply()).output).toContain("(local-exec): checked");
  const first = await terraform.state("null_resource");
  expect(first?.id).toMatch(/^\d+$/);
  expect((await terraform.plan()).exitCode).toBe(0);

  await terraform.write(check({ plan: "standard" }));
  const again = await terraform.apply();
  expect(again.output).toContain("forces replacement");
  expect(again.output).toContain("(local-exec): checked");
  expect((await terraform.state("null_resource"))?.id).not.toBe(first?.id);

  await terraform.write(check({ plan: "standard", mode: null }));
  const unchanged = await terraform.apply();
  expect(unchanged.output).toContain("0 destroyed");
  expect(unchanged.output).not.toContain("(local-exec)");

  expect((await terraform.apply("-destroy")).output).toContain("1 destroyed");
});

test("needs no triggers, and is not imported", async () => {
  const terraform = await workspace.fresh("bare");
  await terraform.write(check(undefined));
  const { output } = await terraform.run("import", "null_resource.check", "1");
  expect(output).toContain("null_resource cannot be imported. Create it instead.");
  expect((await terraform.apply()).exitCode).toBe(0);
  expect((await terraform.plan()).exitCode).toBe(0);
});

test("a Redis, its proof, and only then its wiring", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("whole");
  const wired = (plan: string, command: string) => ({
    resource: {
      render_keyvalue: { redis: { ...REDIS, plan } },
      null_resource: {
        check: {
          triggers: { id: interpolate("render_keyvalue.redis.id"), plan: interpolate("render_keyvalue.redis.plan") },
          provisioner: { "local-exec": { command } },
        },
      },
      render_env_group: {
        backend: {
          name: "backend",
          env_vars: { REDIS_URL: { value: `redis://${interpolate("render_keyvalue.redis.id")}:6379` } },
          depends_on: ["null_resource.check"],
        },
      },
      render_env_group_link: {
        backend: { env_group_id: interpolate("render_env_group.backend.id"), service_ids: ["srv-backend"] },
      },
    },
  });

  await terraform.write(wired("starter", "echo not good >&2; exit 1"));
  const refused = await terraform.apply();
  expect(refused.exitCode).toBe(1);
  expect(refused.output).toContain("not good");
  expect(render.store.envGroups.all).toEqual([]);

  await terraform.write(wired("starter", "echo good"));
  expect((await terraform.apply()).output).toContain("3 added, 0 changed, 1 destroyed");
  expect((await terraform.plan()).exitCode).toBe(0);
  const [group] = render.store.envGroups.all;
  const [instance] = render.store.keyValues.all;
  expect(group?.envVars).toEqual([{ key: "REDIS_URL", value: `redis://${instance?.id}:6379` }]);
  expect(group?.serviceIds).toEqual(["srv-backend"]);

  await terraform.write(wired("standard", "echo good"));
  const upgraded = await terraform.apply();
  expect(upgraded.output).toContain("1 added, 1 changed, 1 destroyed");
  expect(upgraded.output).toContain("(local-exec): good");

  expect((await terraform.apply("-destroy")).output).toContain("4 destroyed");
  expect([...render.store.envGroups.all, ...render.store.keyValues.all]).toEqual([]);
});
