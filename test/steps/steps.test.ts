import { expect, test } from "vitest";
import { Stop } from "../../runtime/errors.ts";
import {
  commandOf,
  readStep,
  resourceName,
  STEP_IDS,
  STEPS,
  stepOfCommand,
  stepOfResource,
} from "../../steps/steps.ts";

test("the commands are a contract with every state that holds them", () => {
  expect(Object.fromEntries(STEP_IDS.map((step) => [step, commandOf(step)]))).toEqual({
    preflight: "node --import tsx wiring/main.ts preflight",
    checks: "node checks/start.cjs --post-apply",
    drain: "node --import tsx wiring/main.ts drain",
    leave: "node --import tsx wiring/main.ts leave",
    roll_out: "node --import tsx wiring/main.ts roll-out",
    proof: "node checks/start.cjs --post-apply",
    hand_over: "node --import tsx wiring/main.ts hand-over",
  });
});

test.each(STEP_IDS)("%s is known by its command and by its resource", (step) => {
  const subject = { environment: undefined, instance: "redis", service: "backend" }[STEPS[step].each];
  // The proof is the same command with the service to prove.
  const known = step === "proof" ? "checks" : step;
  expect(stepOfCommand(commandOf(step))).toBe(known);
  expect(stepOfResource(resourceName(step, subject))).toBe(known);
});

test.each([
  "node --import tsx wiring/main.ts preflight; curl https://elsewhere.example",
  " node --import tsx wiring/main.ts leave",
  "./wait-for-deploy.sh",
  "npm run verify",
])("%s is somebody else's command", (command) => {
  expect(stepOfCommand(command)).toBeUndefined();
});

test.each(["checks", "announcement", "preflight_checked", "mypreflight"])("%s is no resource of a step", (name) => {
  expect(stepOfResource(name)).toBeUndefined();
});

const DRAIN = { REDIS_INSTANCE_ID: "red-d00000000000000000a0", BACKEND_DRAIN_COMMAND: "npm run drain" };

test("a step reads what Terraform gives it, and what it finds", () => {
  expect(readStep("drain", { ...DRAIN, TF_VAR_backend_service_id: "srv-x", OTHER: "1" })).toEqual({
    ...DRAIN,
    TF_VAR_backend_service_id: "srv-x",
  });
  const seconds = { BACKEND_SERVICE_ID: "srv-d00000000000000000a0", BACKEND_ROLL_OUT_SECONDS: "900" };
  expect(readStep("leave", seconds)).toEqual({ ...seconds, BACKEND_ROLL_OUT_SECONDS: 900 });
});

test.each<[string, Record<string, string>, RegExp]>([
  ["missing", { BACKEND_DRAIN_COMMAND: "npm run drain" }, /The step drain .*\n`REDIS_INSTANCE_ID` is not set\.$/],
  ["wrong", { ...DRAIN, REDIS_INSTANCE_ID: "s3cret" }, /`REDIS_INSTANCE_ID` is not an instance's id \(red-…\)\./],
  ["empty", { ...DRAIN, BACKEND_DRAIN_COMMAND: "" }, /`BACKEND_DRAIN_COMMAND` /],
])("a variable that is %s is named, without its value", (_what, env, message) => {
  const read = () => readStep("drain", env);
  expect(read).toThrow(Stop);
  expect(read).toThrow(message);
  expect(read).not.toThrow("s3cret");
});
