import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Fn, TerraformVariable } from "cdktf";
import { expect, test } from "vitest";
import { z } from "zod";
import { Description } from "../../constructs/description.ts";
import type { GuardedStack } from "../../constructs/guards.ts";
import { Step, trigger } from "../../constructs/step.ts";
import { synthesize } from "./synthesize.ts";

const stepSchema = z.looseObject({
  triggers: z.record(z.string(), z.string()),
  provisioner: z.tuple([
    z.object({
      "local-exec": z.looseObject({
        command: z.string(),
        working_dir: z.string(),
        environment: z.record(z.string(), z.string()),
      }),
    }),
  ]),
});

/** The one step in a stack. */
function step(build: (stack: GuardedStack) => void) {
  const [[name, resource] = []] = Object.entries(synthesize(build).resource.null_resource ?? {});
  const { provisioner, ...rest } = stepSchema.parse(resource);
  return { name, ...rest, command: provisioner[0]["local-exec"] };
}

const LEAVE = {
  of: "backend",
  given: {
    BACKEND_SERVICE_ID: trigger("service_id"),
    BACKEND_ROLL_OUT_SECONDS: "900",
  },
  triggers: { service_id: "srv-1" },
};

test("a step is a command of the table, with texts for what its program reads, in the repository", () => {
  const { name, triggers, command } = step((stack) => {
    const serviceId = new TerraformVariable(stack, "service", { type: "string" }).stringValue;
    const limits = new Description(stack, "checks", { deadlineSeconds: 60, acceptUnknown: false });
    const told = new Description(stack, "redis", { name: `a\${b}"c`, plan: "pro", environmentId: undefined });
    new Step(stack, "checks", {
      of: "redis",
      given: {
        REDIS_INSTANCE_ID: "red-1",
        REDIS_EXPECTED: told.json,
        REDIS_CHECKS: limits.json,
        SERVICE_IDS: Fn.jsonencode([serviceId]),
      },
      triggers: {
        instance_id: "red-1",
        checks: limits.field("deadlineSeconds"),
        ...told.triggers(["name"]),
        text: `a\${b}`,
      },
    });
  });
  expect(name).toBe("redis_checks");
  expect(triggers).toEqual({
    instance_id: "red-1",
    checks: `\${jsonencode(local.checks.deadlineSeconds)}`,
    plan: `\${local.redis.plan}`,
    text: `a$\${b}`,
  });
  expect(command.command).toBe("node render-redis.mjs step checks");
  expect(Object.keys(command.environment)).toEqual([
    "REDIS_CHECKS",
    "REDIS_EXPECTED",
    "REDIS_INSTANCE_ID",
    "SERVICE_IDS",
    "TERRAFORM_DIRECTORY",
  ]);
  expect(command.environment.TERRAFORM_DIRECTORY).toBe(`\${abspath(path.root)}`);
  expect(command.environment.REDIS_CHECKS).toBe(`\${jsonencode(local.checks)}`);
  expect(command.environment.SERVICE_IDS).toBe(`\${jsonencode([var.service])}`);
  expect(command).not.toHaveProperty("when");
  // From the Terraform of the stack, which tests write to a temporary directory.
  const way = relative(join(tmpdir(), "outdir/stacks/test"), join(import.meta.dirname, "../.."));
  expect(command.working_dir).toBe(`\${path.root}/${way}`);
});

test("what is longer than a variable may be is given in parts, which the step joins", () => {
  const ranges = Array.from({ length: 3_000 }, (_, index) => ({
    cidrBlock: `10.${index >> 8}.${index & 255}.0/24`,
    description: "a runner's <network> \u{1F680}",
  }));
  const description = { name: "a", plan: "pro", ipAllowList: ranges };
  const { environment } = step((stack) => {
    const told = new Description(stack, "redis", description);
    const limits = new Description(stack, "checks", { deadlineSeconds: 60 });
    const given = {
      REDIS_INSTANCE_ID: "red-1",
      REDIS_EXPECTED: told.json,
      REDIS_CHECKS: limits.json,
      SERVICE_IDS: "[]",
    };
    new Step(stack, "checks", { of: "redis", given, triggers: {} });
  }).command;
  const parts = Object.keys(environment).filter((name) => name.startsWith("REDIS_EXPECTED"));
  // As Terraform's jsonencode writes it.
  const text = JSON.stringify(description).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.length * 24_576).toBeGreaterThanOrEqual([...text].length);
  expect(environment.REDIS_EXPECTED).toBe(`\${substr(jsonencode(local.redis), 0, 24576)}`);
  expect(environment.REDIS_EXPECTED_2).toBe(`\${substr(jsonencode(local.redis), 24576, 24576)}`);
  expect(environment.REDIS_CHECKS).toBe(`\${jsonencode(local.checks)}`);
});

test("a step at a removal runs then, with what is in its triggers", () => {
  const { name, command, ...resource } = step((stack) => void new Step(stack, "leave", LEAVE));
  expect(name).toBe("backend_leave");
  expect(command).toMatchObject({
    command: "node render-redis.mjs step leave",
    when: "destroy",
    environment: { BACKEND_SERVICE_ID: `\${self.triggers.service_id}`, BACKEND_ROLL_OUT_SECONDS: "900" },
  });
  expect(resource).not.toHaveProperty("for_each");
});

test("one that is keyed by its subject is another step for another subject", () => {
  const keyed = step((stack) => void new Step(stack, "leave", { ...LEAVE, keyedBy: "service_id" }));
  expect(keyed).toMatchObject({
    for_each: `\${toset(["srv-1"])}`,
    triggers: { service_id: `\${each.value}` },
    lifecycle: { create_before_destroy: true },
  });
});

test("what may be left out is left out", () => {
  const given = { REDIS_INSTANCE_ID: trigger("instance_id"), BACKEND_DRAIN_COMMAND: "x", BACKEND_KEY: "backend" };
  const props = { of: "redis", given: { ...given, BACKEND_SERVICE_ID: undefined }, triggers: { instance_id: "red-1" } };
  const { environment } = step((stack) => void new Step(stack, "drain", props)).command;
  expect(Object.keys(environment).sort()).toEqual(Object.keys(given).sort());
});

test("a construct that gives too little, or something else, does not compile", () => {
  const build = (stack: GuardedStack) => {
    // @ts-expect-error a variable is missing
    new Step(stack, "leave", { of: "a", given: { BACKEND_SERVICE_ID: "srv-1" }, triggers: {} });
    // @ts-expect-error a variable that the step does not read
    new Step(stack, "leave", { of: "b", given: { ...LEAVE.given, BACKEND_GROUP_ID: "evg-1" }, triggers: {} });
    // @ts-expect-error a step that there is not
    new Step(stack, "announce", { given: {}, triggers: {} });
  };
  expect(() => synthesize(build)).toThrow();
});
