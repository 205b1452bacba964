import { afterAll, beforeAll, expect, test } from "vitest";
import { type Config, Workspace } from "./workspace.ts";

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
  expect(output).toContain("This resource does not support import.");
  expect((await terraform.apply()).exitCode).toBe(0);
  expect((await terraform.plan()).exitCode).toBe(0);
});
