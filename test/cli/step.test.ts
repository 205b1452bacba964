import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { resolveEnvironment } from "../../environments/environments.ts";
import { ENVIRONMENTS } from "../../environments/list.ts";
import { pickInstance } from "../../environments/pick.ts";
import { stackDirectory } from "../../pipeline/synthesize.ts";
import { RenderClient } from "../../render/api/client.ts";
import { API } from "../../render/api/endpoints.ts";
import { expectedService, serviceSchema } from "../../render/service.ts";
import type { StepContext } from "../../steps/deploy.ts";
import { EXPECTED } from "../checks/support/render-api.ts";
import { TestRender } from "../dev/emulator/harness.ts";
import { run } from "./in-process.ts";

const steps = vi.hoisted(() => ({
  rollOut: vi.fn(),
  leave: vi.fn(),
  drain: vi.fn(),
  handOver: vi.fn(),
  drainBehind: vi.fn(),
}));
vi.mock("../../steps/roll-out.ts", () => steps);
vi.mock("../../steps/drain.ts", () => steps);
vi.mock("../../steps/hand-over.ts", () => steps);
const state = vi.hoisted(() => ({ readKnownIds: vi.fn() }));
vi.mock("../../render/terraform-state.ts", async (original) => ({ ...(await original<object>()), ...state }));

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start();
});
afterAll(() => render.stop());
beforeEach(() => {
  const { apiKey, host, ownerId, backendServiceId } = render.render;
  const at = { RENDER_API_KEY: apiKey, RENDER_HOST: host, RENDER_OWNER_ID: ownerId };
  set({ ...at, TF_VAR_backend_service_id: backendServiceId, TF_VAR_emulator: "true" });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const step of Object.values(steps)) step.mockReset();
});

function set(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

test.each<[string, string[], Record<string, string | undefined>, number, RegExp]>([
  ["nothing stands in the way", ["local"], {}, 0, /a deploy can begin/],
  ["a shell for Render itself", ["local"], { TF_VAR_emulator: undefined }, 2, /for Render on this machine only/],
  ["an environment for Render itself", ["production"], {}, 2, /set up for Render on this machine/],
  ["no such environment", ["locl"], {}, 2, /Did you mean "local"/],
  ["help", ["--help"], {}, 0, /whether a deploy can begin/],
  ["too much", ["a", "b"], {}, 2, /too many arguments/],
  ["no key", ["local"], { RENDER_API_KEY: undefined }, 2, /RENDER_API_KEY` is not set/],
  ["no workspace", ["local"], { RENDER_OWNER_ID: undefined }, 2, /RENDER_OWNER_ID` is not set/],
  ["no backend", ["local"], { TF_VAR_backend_service_id: "" }, 2, /TF_VAR_backend_service_id/],
  ["no backend's id", ["local"], { TF_VAR_backend_service_id: `srv-${"a".repeat(21)}` }, 2, /not known/],
  ["no id of a backend", ["local"], { TF_VAR_backend_service_id: `xsrv-${"a".repeat(20)}` }, 2, /not known/],
  ["a wrong key", ["local"], { RENDER_API_KEY: "rnd_wrong" }, 1, /401.*RENDER_API_KEY/],
  ["another workspace", ["local"], { RENDER_OWNER_ID: "tea-x" }, 1, /refused: \d reasons?; nothing was/],
])("%s", async (_what, args, change, code, message) => {
  set(change);
  const ended = await run("preflight", args);
  expect(ended.stdout + ended.stderr).toMatch(message);
  expect(ended.stdout + ended.stderr).not.toContain(render.render.apiKey);
  expect(ended.code).toBe(code);
});

test.each([
  [["roll-out"], /The step roll-out is for Terraform[\s\S]*`BACKEND_EXPECTED` is not set/],
  [["checks"], /`REDIS_INSTANCE_ID` is not set/],
  [["rollout"], /The step must be one of preflight, checks, .*, got: "rollout"\. Did you mean "roll-out"/],
  [[], /The step must be one of preflight/],
])("%j: what nobody but Terraform calls says so", async (args, message) => {
  expect(await run("step", args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
});

test("Terraform says by variables what it deploys", async () => {
  const redis = { ...EXPECTED, environment: "graph" };
  const service = expectedService(
    serviceSchema.parse({ name: "connect-yw-backend", uses: { REDIS_URL: "redis" }, rollOutSeconds: 60 }),
    render.render.backendServiceId,
  );
  const REDIS_CHECKS = JSON.stringify({ deadlineSeconds: 10, acceptUnknown: false });
  const REDIS_INSTANCES = JSON.stringify({ redis });
  const described = { REDIS_INSTANCES, SERVICES: JSON.stringify({ backend: service }), REDIS_CHECKS };
  set({ ...described, TERRAFORM_DIRECTORY: "/stacks/graph" });
  const { code, stdout } = await run("step", ["preflight"]);
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(
      /^What this deploy does to test-redis\n {2}New instance: A new, empty instance is created\.\n[\s\S]*\nPreflight for graph\n {2}workspace ".+" \(tea-\w+\) at http:\S+, service "connect-yw-backend" \(srv-\w+\)\n[\s\S]*a deploy can begin\n$/,
    ),
  ]);
});

test("what the state does not know is refused; a state that cannot be read is unknown", async () => {
  const { name } = pickInstance(resolveEnvironment("local", ENVIRONMENTS))[1];
  const id = await render.instance({ name, region: "oregon" });
  state.readKnownIds.mockResolvedValue(undefined);
  const unread = await run("preflight", ["local"]);
  expect([unread.code, unread.stdout]).toEqual([
    3,
    expect.stringMatching(new RegExp(`\\?.*\n.*state cannot be read.*${id}`)),
  ]);
  expect(unread.stdout).toContain("not established; nothing was changed");
  state.readKnownIds.mockResolvedValue(new Map());
  const strange = await run("preflight", ["local"]);
  expect([strange.code, strange.stdout]).toEqual([1, expect.stringContaining(`import render_keyvalue.redis ${id}`)]);
  state.readKnownIds.mockResolvedValue(new Map([["render_keyvalue.redis", [id]]]));
  expect((await run("preflight", ["local"])).code).toBe(0);
  expect(state.readKnownIds).toHaveBeenLastCalledWith(stackDirectory("local"));
  await render.call("DELETE", `/key-value/${id}`);
});

test("nothing is asked of Render twice", async () => {
  const ipAllowList = [{ cidrBlock: "127.0.0.1/32", description: "this machine" }];
  const { name, region } = pickInstance(resolveEnvironment("local", ENVIRONMENTS))[1];
  const id = await render.instance({ name, region, ipAllowList });
  state.readKnownIds.mockResolvedValue(new Map([["render_keyvalue.redis", [id]]]));
  const asked = async (command: string, ...args: string[]) => {
    await render.control.clearRequests();
    await run(command, ["local", ...args]);
    const calls = await render.control.requests();
    return calls.map(({ method, path }) => `${method} ${path}`).toSorted();
  };
  const service = `GET /services/${render.render.backendServiceId}`;
  const lists = ["GET /env-groups", "GET /key-value"];
  expect(await asked("preflight")).toEqual([...lists, "GET /owners", service, `${service}/env-vars`]);
  expect(await asked("verify", "--vantage", "external")).toEqual([
    ...lists,
    ...[`GET /key-value/${id}`, `GET /key-value/${id}/connection-info`],
    ...[service, `${service}/deploys`, `${service}/env-vars`],
  ]);
  await render.call("DELETE", `/key-value/${id}`);
});

test("what a deploy does to the instance comes first, and a loss is refused until it is named", async () => {
  const { name, region } = pickInstance(resolveEnvironment("local", ENVIRONMENTS))[1];
  const ipAllowList = [{ cidrBlock: "127.0.0.1/32", description: "this machine" }];
  const id = await render.instance({ name, region, ipAllowList });
  state.readKnownIds.mockResolvedValue(new Map([["render_keyvalue.redis", [id]]]));
  const told = async (ack?: string) => {
    vi.stubEnv("RENDER_REDIS_ACK", ack);
    const { code, stdout } = await run("preflight", ["local"]);
    return { code, first: stdout.split("\nPreflight for local")[0] };
  };
  const head = `What this deploy does to ${name} (${id})\n`;
  expect(await told()).toEqual({ code: 0, first: `${head}  no change` });
  await render.call("PATCH", `/key-value/${id}`, { maxmemoryPolicy: "allkeys_lru" });
  await render.untilStatus(id, "available");
  expect(await told()).toEqual({
    code: 0,
    first: expect.stringMatching(/\n {2}Restart: .*\n {2}Behaviour: When memory/),
  });
  await render.call("PATCH", `/key-value/${id}`, { persistenceMode: "off" });
  await render.untilStatus(id, "available");
  const token = "data-loss:render_keyvalue.redis";
  const lost = new RegExp(`\n {2}Data loss: Irreversible: [\\s\\S]*\nRefused: ${token} is not acknowledged`);
  for (const ack of [undefined, "", "data-loss:render_keyvalue.other"]) {
    expect(await told(ack)).toEqual({ code: 1, first: expect.stringMatching(lost) });
  }
  for (const ack of [token, `other ${token}`]) expect((await told(ack)).code).toBe(0);
  // What cannot be read is unknown. The rules say what follows from that.
  state.readKnownIds.mockResolvedValue(undefined);
  expect((await told()).first).toBe(`What this deploy does to ${name}\n  unknown: the state cannot be read`);
  state.readKnownIds.mockResolvedValue(
    new Map([["render_keyvalue.redis", [id, await render.instance({ name, region })]]]),
  );
  expect((await told()).first).toContain("unknown: the state has several instances: red-");
  for (const one of [id, ...(await others(name))]) await render.call("DELETE", `/key-value/${one}`);
});

async function others(name: string): Promise<string[]> {
  const client = RenderClient.fromEnvironment(process.env);
  return (await client.list(API.listKeyValues, { name })).map(({ id }) => id);
}

test("Render cannot be asked: what to look at, after ten seconds", async () => {
  set({ RENDER_HOST: "http://127.0.0.1:9/v1" });
  const { fromEnvironment } = RenderClient;
  const connect = vi.spyOn(RenderClient, "fromEnvironment");
  connect.mockImplementation((env, options) => fromEnvironment.call(RenderClient, env, { ...options, deadlineMs: 50 }));
  expect(await run("preflight", ["local"])).toMatchObject({
    code: 3,
    stderr: expect.stringMatching("RENDER_HOST"),
  });
  expect(connect.mock.calls).toMatchObject([[process.env, { deadlineMs: 10_000 }]]);
});

describe("in Terraform's graph", () => {
  const [serviceId, other, instanceId] = [`srv-${"a".repeat(20)}`, `srv-${"b".repeat(20)}`, "red-old"];
  const command = "npm run drain";
  const backend = (rest: object = {}) => {
    const service = serviceSchema.parse({ name: "backend", uses: { REDIS_URL: "redis" }, rollOutSeconds: 77, ...rest });
    return JSON.stringify(expectedService(service, serviceId));
  };
  const replacing = {
    REDIS_INSTANCE_ID: instanceId,
    REDIS_ADDRESS: "render_keyvalue.q",
    TERRAFORM_DIRECTORY: "/stacks/q",
  };
  const KNOWN = new Map([["render_keyvalue.q", ["red-older"]]]);
  const leaving = {
    ...{ BACKEND_SERVICE_ID: serviceId, BACKEND_ROLL_OUT_SECONDS: "66", TERRAFORM_DIRECTORY: "/stacks/q" },
  };
  const draining = { REDIS_INSTANCE_ID: instanceId, BACKEND_DRAIN_COMMAND: command, BACKEND_KEY: "backend" };

  test.each<[string, keyof typeof steps, Record<string, string>, about: string, object, seconds: number]>([
    [
      "roll-out",
      "rollOut",
      { BACKEND_EXPECTED: backend(), BACKEND_GROUP_ID: "evg-1" },
      ...(["backend", { serviceId }, 77] as const),
    ],
    ["leave", "leave", leaving, ...([serviceId, { serviceId }, 66] as const)],
    [
      "leave",
      "drainBehind",
      { ...leaving, BACKEND_DRAINS: JSON.stringify({ "render_keyvalue.q": command }) },
      ...([serviceId, { serviceId, command, address: "render_keyvalue.q", known: KNOWN }, 486] as const),
    ],
    [
      "drain",
      "drain",
      { ...draining, BACKEND_SERVICE_ID: serviceId, TF_VAR_backend_service_id: other },
      ...([instanceId, { serviceId, instanceId, command }, 420] as const),
    ],
    [
      "drain",
      "drain",
      { ...draining, TF_VAR_backend_service_id: other },
      ...([instanceId, { serviceId: other, instanceId, command }, 420] as const),
    ],
    [
      "hand-over",
      "handOver",
      { ...replacing, BACKEND_SERVICE_ID: serviceId, BACKEND_DRAIN_COMMAND: command },
      ...([instanceId, { serviceId, instanceId, command, address: "render_keyvalue.q", known: KNOWN }, 420] as const),
    ],
  ])("%s does its step, within its time, and says about what", async (name, step, variables, about, what, seconds) => {
    set(variables);
    state.readKnownIds.mockImplementation(async (directory: string) => (directory === "/stacks/q" ? KNOWN : undefined));
    const connect = vi.spyOn(RenderClient, "fromEnvironment");
    const timer = vi.spyOn(globalThis, "setTimeout");
    steps[step].mockImplementation(async ({ say }: StepContext) => say("it goes"));
    const where = `workspace ${render.render.ownerId} at ${render.render.host}, service "backend" (${serviceId})`;
    const begin = step === "rollOut" ? `${about}: ${where}\n` : "";
    expect(await run("step", [name])).toEqual({ code: 0, stdout: `${begin}${about}: it goes\n`, stderr: "" });
    const client: unknown = connect.mock.results[0]?.value;
    expect(steps[step].mock.calls).toEqual([[expect.objectContaining({ ...what, client })]]);
    expect(connect.mock.calls).toMatchObject([[process.env, { deadlineMs: seconds * 1_000 }]]);
    expect(timer.mock.calls.map(([, delay]) => delay)).toContain(seconds * 1_000);
  });

  test.each([
    ["drain", { ...draining, TF_VAR_backend_service_id: "" }, /`TF_VAR_backend_service_id` is not set/],
    ["hand-over", { ...replacing, BACKEND_SERVICE_ID: serviceId }, /`BACKEND_DRAIN_COMMAND` is not set/],
    ["preflight", {}, /The step preflight is for Terraform.*\n`REDIS_INSTANCES` is not set/],
  ])("%s without what it needs is wrong usage", async (name, variables, message) => {
    set(variables);
    const { code, stderr } = await run("step", [name]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    for (const step of Object.values(steps)) expect(step).not.toHaveBeenCalled();
  });

  test("an interruption ends its waiting and its calls, and it says what goes on", async () => {
    set(leaving);
    const connect = vi.spyOn(RenderClient, "fromEnvironment");
    steps.leave.mockImplementation(
      ({ signal }: StepContext) => new Promise((_, reject) => signal.addEventListener("abort", reject)),
    );
    const ended = await run("step", ["leave"], (host) => setTimeout(() => host.emit("SIGINT"), 20));
    expect(ended).toEqual({ code: 1, stdout: "", stderr: "Stopped. What was begun on Render goes on.\n" });
    expect(connect.mock.calls[0]?.[1]?.signal?.aborted).toBe(true);
  });
});
