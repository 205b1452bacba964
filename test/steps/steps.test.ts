import { expect, test } from "vitest";
import { z } from "zod";
import { Stop } from "../../runtime/errors.ts";
import {
  commandOf,
  programName,
  readStep,
  resourceName,
  STEP_IDS,
  STEPS,
  type StepId,
  stepOfProvisioner,
  stepOfResource,
} from "../../steps/steps.ts";
import { type Blocks, provisionerOf } from "../pipeline/review/configured.ts";

test("the commands are a contract with every state that holds them", () => {
  expect(Object.fromEntries(STEP_IDS.map((step) => [step, commandOf(step)]))).toEqual({
    preflight: "node render-redis.mjs step preflight",
    checks: "node render-redis.mjs step checks",
    drain: "node render-redis.mjs step drain",
    leave: "node render-redis.mjs step leave",
    roll_out: "node render-redis.mjs step roll-out",
    proof: "node render-redis.mjs step proof",
    hand_over: "node render-redis.mjs step hand-over",
  });
});

test.each(STEP_IDS)("%s is known by all of its provisioner, and by its resource", (step) => {
  const subject = { environment: undefined, instance: "redis", service: "backend" }[STEPS[step].each];
  expect(stepOfProvisioner(provisionerOf(step))).toBe(step);
  expect(stepOfResource(resourceName(step, subject))).toBe(step === "proof" ? "checks" : step);
});

test.each<[what: string, changes: Blocks]>([
  ["more of a command", { command: "node render-redis.mjs step leave; curl https://elsewhere.example" }],
  ["a space before it", { command: " node render-redis.mjs step leave" }],
  ["a command that sounds alike", { command: "npm run leave" }],
  ["a command by reference", { command: `\${local.command}` }],
  ["an interpreter", { interpreter: ["/bin/bash", "-c"] }],
  ["another moment", { when: "create" }],
  ["no moment", { when: undefined }],
  ["a failure that is ignored", { on_failure: "continue" }],
  [
    "one variable more",
    { environment: { BACKEND_SERVICE_ID: "x", BACKEND_ROLL_OUT_SECONDS: "1", NODE_OPTIONS: "-r ./x" } },
  ],
  ["one variable less", { environment: { BACKEND_SERVICE_ID: "x" } }],
  ["a variable that is no text", { environment: { BACKEND_SERVICE_ID: [1], BACKEND_ROLL_OUT_SECONDS: "1" } }],
  ["no environment", { environment: undefined }],
  ["no directory", { working_dir: undefined }],
  ["silence", { quiet: true }],
])("with %s it is somebody else's", (_what, changes) => {
  expect(stepOfProvisioner(JSON.parse(JSON.stringify(provisionerOf("leave", changes))))).toBeUndefined();
});

test.each([undefined, "leave", { "remote-exec": {} }, { ...provisionerOf("leave"), file: {} }])(
  "%j is no step",
  (provisioner) => {
    expect(stepOfProvisioner(provisioner)).toBeUndefined();
  },
);

test.each(["checks", "announcement", "preflight_checked", "mypreflight"])("%s is no resource of a step", (name) => {
  expect(stepOfResource(name)).toBeUndefined();
});

test.each([
  [{ BACKEND_DRAINS: "1", BACKEND_DRAINS_2: "2", BACKEND_DRAINS_3: "3" }, "leave"],
  [{ BACKEND_DRAINS: "1", BACKEND_DRAINS_3: "3" }, undefined],
  [{ BACKEND_DRAINS_2: "2" }, undefined],
  [{ BACKEND_DRAINS: "1", BACKEND_DRAINS_1: "1" }, undefined],
  [{ BACKEND_DRAINS: "1", BACKEND_DRAINS_02: "2" }, undefined],
  [{ PATH_2: "x" }, undefined],
])("variables in parts are a step's own when none is missing: %j", (more, expected) => {
  const provisioner = z
    .object({ "local-exec": z.looseObject({ environment: z.record(z.string(), z.string()) }) })
    .parse(provisionerOf("leave"));
  const { environment, ...rest } = provisioner["local-exec"];
  const { BACKEND_DRAINS: _, ...others } = environment;
  expect(stepOfProvisioner({ "local-exec": { ...rest, environment: { ...others, ...more } } })).toBe(expected);
});

test("a step joins the parts of a variable", () => {
  const drains = JSON.stringify({ "render_keyvalue.redis": "npm run drain" });
  const parts = { BACKEND_DRAINS: drains.slice(0, 9), BACKEND_DRAINS_2: drains.slice(9), BACKEND_DRAINS_3: "" };
  const { BACKEND_DRAINS } = readStep("leave", {
    BACKEND_SERVICE_ID: "srv-d00000000000000000a0",
    BACKEND_ROLL_OUT_SECONDS: "900",
    TERRAFORM_DIRECTORY: "/x",
    ...parts,
  });
  expect(BACKEND_DRAINS).toEqual({ "render_keyvalue.redis": "npm run drain" });
});

const DRAIN = {
  ...{ REDIS_INSTANCE_ID: "red-d00000000000000000a0", BACKEND_DRAIN_COMMAND: "npm run drain", BACKEND_KEY: "worker" },
};

test("a step reads what Terraform gives it, and nothing else", () => {
  expect(readStep("drain", { ...DRAIN, OTHER: "1" })).toEqual(DRAIN);
  const leave = {
    ...{ BACKEND_SERVICE_ID: "srv-d00000000000000000a0", BACKEND_ROLL_OUT_SECONDS: "900" },
    ...{ BACKEND_DRAINS: '{"render_keyvalue.queue":"npm run drain"}', TERRAFORM_DIRECTORY: "/stacks/queues" },
  };
  const drains = { "render_keyvalue.queue": "npm run drain" };
  expect(readStep("leave", leave)).toEqual({ ...leave, BACKEND_ROLL_OUT_SECONDS: 900, BACKEND_DRAINS: drains });
});

test.each<[StepId, string[]]>([
  ["preflight", ["REDIS_INSTANCES", "REDIS_CHECKS", "SERVICES", "TERRAFORM_DIRECTORY", "RENDER_OWNER_ID"]],
  ["checks", ["REDIS_INSTANCE_ID", "REDIS_EXPECTED", "REDIS_CHECKS", "SERVICE_IDS", "TERRAFORM_DIRECTORY"]],
  ["drain", ["REDIS_INSTANCE_ID", "BACKEND_DRAIN_COMMAND", "BACKEND_KEY"]],
  ["leave", ["BACKEND_SERVICE_ID", "BACKEND_ROLL_OUT_SECONDS", "TERRAFORM_DIRECTORY"]],
  ["roll_out", ["BACKEND_EXPECTED", "BACKEND_GROUP_ID"]],
  ["proof", ["REDIS_INSTANCES", "REDIS_CHECKS", "BACKEND_EXPECTED", "TERRAFORM_DIRECTORY"]],
  [
    "hand_over",
    ["REDIS_INSTANCE_ID", "REDIS_ADDRESS", "TERRAFORM_DIRECTORY", "BACKEND_SERVICE_ID", "BACKEND_DRAIN_COMMAND"],
  ],
])("the step %s names all that it misses", (step, names) => {
  const read = () => readStep(step, {});
  expect(read).toThrow(Stop);
  expect(read).toThrow(`The step ${programName(step)} is for Terraform, which sets its variables:`);
  expect(mistakesIn(step, {}).map((line) => /^`(\w+)` is not /.exec(line)?.[1])).toEqual(names);
});

function mistakesIn(step: StepId, env: Record<string, string>): string[] {
  try {
    readStep(step, env);
    return [];
  } catch (error) {
    return String(error).split("\n").slice(1);
  }
}

const RED = "red-d00000000000000000a0";
const SRV = "srv-d00000000000000000a0";
const SERVICE = {
  name: "backend",
  serviceId: SRV,
  groupName: "queues-env",
  env: {},
  uses: { REDIS_URL: { redis: "redis", as: "url" } },
  drain: {},
  rollOutSeconds: 60,
};
const INSTANCE = {
  ...{ environment: "test", name: "queues", region: "oregon", plan: "starter", evictionPolicy: "noeviction" },
  ...{ persistence: "off", ipAllowList: [], internalAuthentication: false },
};
const RIGHT: Readonly<Record<string, string>> = {
  REDIS_INSTANCE_ID: RED,
  REDIS_ADDRESS: "render_keyvalue.redis",
  TERRAFORM_DIRECTORY: "/stacks/queues",
  REDIS_EXPECTED: JSON.stringify(INSTANCE),
  REDIS_INSTANCES: JSON.stringify({ redis: { ...INSTANCE, id: RED } }),
  SERVICES: JSON.stringify({ backend: SERVICE }),
  SERVICE_IDS: JSON.stringify([SRV]),
  BACKEND_KEY: "backend",
  REDIS_CHECKS: '{"deadlineSeconds":1,"acceptUnknown":true}',
  RENDER_OWNER_ID: "tea-1",
  BACKEND_DRAIN_COMMAND: "npm run drain",
  BACKEND_SERVICE_ID: SRV,
  BACKEND_ROLL_OUT_SECONDS: "1",
  BACKEND_EXPECTED: JSON.stringify(SERVICE),
  BACKEND_GROUP_ID: "evg-1",
};

test.each(STEP_IDS)("the step %s takes what is right", (step) => {
  expect(mistakesIn(step, RIGHT)).toEqual([]);
});

test.each<[StepId, variable: string, values: string[], message: string]>([
  ["drain", "REDIS_INSTANCE_ID", ["", "red-", "red-A", `x${RED}`, `${RED} x`], " is not an instance's id (red-…)."],
  ["hand_over", "REDIS_ADDRESS", ["", "redis", "aws_x.redis"], " is not an instance's address"],
  ["hand_over", "TERRAFORM_DIRECTORY", [""], " "],
  ["leave", "BACKEND_SERVICE_ID", ["", `x${SRV}`, `${SRV}x`, "srv-d"], " is not a service's id (srv-…, crn-…)."],
  ["drain", "BACKEND_SERVICE_ID", [`x${SRV}`], " is not a service's id (srv-…, crn-…)."],
  ["roll_out", "BACKEND_GROUP_ID", ["", "evg-", "xevg-1", "evg-1 x"], " is not a group's id (evg-…)."],
  ["drain", "BACKEND_DRAIN_COMMAND", [""], " "],
  ["leave", "BACKEND_ROLL_OUT_SECONDS", ["0", "-1", "1.5"], " "],
  ["leave", "BACKEND_ROLL_OUT_SECONDS", ["s3cret"], " is not a number of seconds."],
  ["preflight", "RENDER_OWNER_ID", [""], " is empty. Set it to the workspace's id"],
  ["roll_out", "BACKEND_EXPECTED", ["s3cret", "{"], " is not JSON."],
  ["checks", "REDIS_CHECKS", ['{"deadlineSeconds":0,"acceptUnknown":true}'], ".deadlineSeconds` "],
  ["checks", "REDIS_CHECKS", ['{"deadlineSeconds":1}'], ".acceptUnknown` "],
  ...Object.keys(SERVICE).map((field): [StepId, string, string[], string] => {
    return ["roll_out", "BACKEND_EXPECTED", [JSON.stringify({ ...SERVICE, [field]: undefined })], `.${field}\` `];
  }),
  ...Object.keys(INSTANCE).map((field): [StepId, string, string[], string] => {
    return ["checks", "REDIS_EXPECTED", [JSON.stringify({ ...INSTANCE, [field]: undefined })], `.${field}\` `];
  }),
])("the step %s names %s where it is wrong, without its value", (step, variable, values, message) => {
  for (const value of values) {
    const mistakes = mistakesIn(step, { ...RIGHT, [variable]: value });
    expect(mistakes).toEqual([expect.stringContaining(message)]);
    expect(mistakes[0]).toMatch(new RegExp(`^\`${variable}\\b`));
    expect(mistakes[0]).not.toContain("s3cret");
  }
});
