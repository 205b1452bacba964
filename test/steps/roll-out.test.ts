import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { RenderClient } from "../../render/api/client.ts";
import { API } from "../../render/api/endpoints.ts";
import { leave, rollOut } from "../../steps/roll-out.ts";
import { TestRender } from "../dev/emulator/harness.ts";

const DELAY_MS = 150;
const PATIENCE_MS = 20_000;

let render: TestRender;
let client: RenderClient;
let serviceId: string;
let groupId: string;
let lines: string[];

beforeEach(() => start(DELAY_MS));
afterEach(() => render.stop());

/** @param delayMs What each phase of a deploy takes. */
async function start(delayMs: number): Promise<void> {
  lines = [];
  render = await TestRender.start({ creationDelayMs: delayMs });
  client = new RenderClient({ apiKey: render.render.apiKey, host: render.render.host });
  const { ownerId } = render.render;
  // A service that runs nothing: what is tested is how its deploys go.
  const created = await render.call("POST", "/services", { name: "quiet", ownerId, type: "web_service" });
  serviceId = z.object({ service: z.object({ id: z.string() }) }).parse(created.body).service.id;
  await expect.poll(async () => (await statuses())[0], { timeout: PATIENCE_MS }).toBe("live");
  const group = { name: "g", ownerId, envVars: [{ key: "A", value: "1" }], secretFiles: [] };
  ({ id: groupId } = await client.call(RENDER_API.createEnvGroup, {}, group));
  await client.call(RENDER_API.linkService, { id: groupId, serviceId });
}

const statuses = async () => (await client.first(API.listDeploys, { id: serviceId })).map(({ status }) => status);

function options(patienceMs = PATIENCE_MS) {
  const say = (line: string) => void lines.push(line);
  return { client, serviceId, signal: AbortSignal.timeout(patienceMs), say };
}

const roll = (patienceMs?: number) => rollOut({ ...options(patienceMs), groupId });
const deployByHand = (body: object = {}) => render.call("POST", `/services/${serviceId}/deploys`, body);

test.each([
  ["201 with the deploy", {}],
  ["202 without a body", { deployAccepted: true }],
  ["a connection that breaks before the answer", { brokenConnection: { times: 1, method: "POST" as const } }],
])("answered with %s it follows the deploy that it started", async (_answer, faults) => {
  await render.control.setFaults(faults);
  await roll();
  expect(await statuses()).toEqual(["live", "deactivated"]);
  expect(lines.at(-1)).toMatch(/^deploy dep-\S+ is live/);
  expect(
    (await render.control.requests()).filter(({ path, method }) => method === "POST" && path.endsWith("/deploys")),
  ).toHaveLength(1);
});

test("it reuses the build", async () => {
  await roll();
  expect(lines.join()).not.toContain("build_in_progress");
});

test("a deploy under way that began after the change is taken", async () => {
  await deployByHand();
  await roll();
  expect(await statuses()).toEqual(["live", "deactivated"]);
  expect(lines[0]).toMatch(/began after the change/);
});

test("a deploy under way that began before the change is not taken", async () => {
  await deployByHand();
  await client.call(RENDER_API.setGroupVariable, { id: groupId, key: "A" }, { value: "2" });
  await roll();
  expect(await statuses()).toEqual(["live", "deactivated", "deactivated"]);
});

test("a taken deploy that fails is followed by one of its own", async () => {
  await deployByHand();
  const rolling = roll();
  await render.control.setFaults({ deployFailure: "build_failed" });
  await expect.poll(async () => (await statuses())[0]).toBe("build_failed");
  await render.control.clearFaults();
  await rolling;
  expect((await statuses())[0]).toBe("live");
});

test("a deploy that gives way to a later one is followed to that", async () => {
  // Slow enough to be canceled before it is live, on a busy machine, too.
  await render.stop();
  await start(5 * DELAY_MS);
  const rolling = roll();
  await expect.poll(async () => (await statuses()).length).toBe(2);
  await deployByHand();
  const [, ours] = await client.first(API.listDeploys, { id: serviceId });
  await render.call("POST", `/services/${serviceId}/deploys/${ours?.id}/cancel`);
  await rolling;
  expect((await statuses()).slice(0, 2)).toEqual(["live", "canceled"]);
  expect(lines.join("\n")).toContain("gave way to");
});

test.each(["update_failed", "pre_deploy_failed", "canceled"] as const)(
  "a deploy that ends as %s is named, with its log and what to do",
  async (status) => {
    await render.control.setFaults({ deployFailure: status });
    await expect(roll()).rejects.toThrow(
      new RegExp(
        `deploy dep-\\S+ of quiet ended as ${status}\\..*goes on running.*https://\\S+/${serviceId}/deploys/dep-`,
      ),
    );
  },
);

test("Render's limit of deploys is waited out", async () => {
  await render.control.setFaults({ tooManyRequests: { times: 1, method: "POST", retryAfterSeconds: 3 } });
  await roll();
  expect(lines[0]).toBe("waiting: Render allows 10 deploys of a service a minute");
  expect((await statuses())[0]).toBe("live");
});

test("a deploy that takes too long goes on, and is named", async () => {
  await expect(roll(50)).rejects.toThrow(/is still (created|queued|update_in_progress)\. It goes on/);
});

describe("when the service leaves", () => {
  test("it is deployed once more", async () => {
    await leave(options());
    expect(await statuses()).toEqual(["live", "deactivated"]);
    expect(lines.at(-1)).toBe("the service runs without this Redis");
  });

  test("a suspended one is said not to be rolled out", async () => {
    await render.call("POST", `/services/${serviceId}/suspend`);
    await leave(options());
    expect(lines).toEqual([expect.stringContaining("was NOT rolled out")]);
  });

  test("one that is gone is said to be gone", async () => {
    await render.call("DELETE", `/services/${serviceId}`);
    await leave(options());
    expect(lines).toEqual([expect.stringContaining("nothing was rolled out")]);
  });

  test("a deploy that fails is an error", async () => {
    await render.control.setFaults({ deployFailure: "update_failed" });
    await expect(leave(options())).rejects.toThrow("ended as update_failed");
  });
});
