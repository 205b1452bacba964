import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { readState } from "../../dev/emulator/state/store.ts";
import { RenderClient } from "../../render/api/client.ts";
import { API } from "../../render/api/endpoints.ts";
import { SERVICE_ID } from "../../render/service.ts";
import { leave, rollOut } from "../../steps/roll-out.ts";
import { TestRender } from "../dev/emulator/harness.ts";

const DELAY_MS = 150;
const PATIENCE = { timeout: 120_000 };

let render: TestRender;
let client: RenderClient;
let serviceId: string;
let groupId: string;
let lines: string[];

afterEach(() => render.stop());

/** @param delayMs What each phase of a deploy takes. */
async function start(overlappingDeploys: "override" | "wait", delayMs = DELAY_MS): Promise<void> {
  lines = [];
  render = await TestRender.start({ creationDelayMs: delayMs });
  await render.control.setFaults({ overlappingDeploys });
  client = new RenderClient({ apiKey: render.render.apiKey, host: render.render.host });
  const { ownerId } = render.render;
  // A service that runs nothing: what is tested is how its deploys go.
  const created = await render.call("POST", "/services", { name: "quiet", ownerId, type: "web_service" });
  serviceId = z.object({ service: z.object({ id: z.string() }) }).parse(created.body).service.id;
  await expect.poll(async () => (await statuses())[0], PATIENCE).toBe("live");
  const group = { name: "g", ownerId, envVars: [{ key: "A", value: "1" }], secretFiles: [] };
  ({ id: groupId } = await client.call(RENDER_API.createEnvGroup, {}, group));
  await client.call(RENDER_API.linkService, { id: groupId, serviceId });
}

const deploys = () => client.first(API.listDeploys, { id: serviceId });
const statuses = async () => (await deploys()).map(({ status }) => status);
const begun = async () => (await render.control.requests()).filter(isStart).length;
const isStart = ({ path, method }: { path: string; method: string }) => method === "POST" && path.endsWith("/deploys");

/** @param last The line at which the time is up. */
function options(last?: RegExp) {
  const stop = new AbortController();
  const say = (line: string) => {
    lines.push(line);
    if (last?.test(line)) stop.abort();
  };
  return { client, serviceId, signal: stop.signal, say };
}

const roll = (last?: RegExp) => rollOut(options(last));
const deployByHand = (body: object = {}) => render.call("POST", `/services/${serviceId}/deploys`, body);
const cancel = (id = "") => render.call("POST", `/services/${serviceId}/deploys/${id}/cancel`);

/** What the service was deployed with. */
const deployed = () => readState(render.render.directory)?.services.find(({ id }) => id === serviceId)?.deployed.env;

describe.each(["override", "wait"] as const)("where overlapping deploys %s", (policy) => {
  beforeEach(() => start(policy));

  test.each([
    ["201 with the deploy", {}],
    ["202 without a body", { deployAccepted: true }],
    ["a connection that breaks before the answer", { brokenConnection: { times: 1, method: "POST" as const } }],
  ])("answered with %s it follows the deploy that it started", async (_answer, faults) => {
    await render.control.setFaults(faults);
    await roll();
    expect(await statuses()).toEqual(["live", "deactivated"]);
    expect(lines.at(-1)).toMatch(/^deploy dep-\S+ is live/);
    expect(await begun()).toBe(1);
  });

  test("a build in progress goes live first, and then the variables", async () => {
    await deployByHand();
    await client.call(RENDER_API.setGroupVariable, { id: groupId, key: "A" }, { value: "2" });
    const [theirs] = await deploys();
    await roll();
    expect(await statuses()).toEqual(["live", "deactivated", "deactivated"]);
    expect(lines[0]).toBe(`waiting for deploy ${theirs?.id} to end: a new one could cancel it`);
    expect(deployed()).toMatchObject({ A: "2" });
  });

  test("no deploy in progress is taken for ours, however late it began", async () => {
    await client.call(RENDER_API.setGroupVariable, { id: groupId, key: "A" }, { value: "2" });
    await deployByHand();
    await roll();
    expect(await statuses()).toEqual(["live", "deactivated", "deactivated"]);
  });

  test("one in progress that fails is somebody else's: ours begins after it", async () => {
    await render.control.setFaults({ deployFailure: "build_failed" });
    await deployByHand();
    await roll();
    expect((await statuses()).slice(0, 2)).toEqual(["live", "build_failed"]);
  });

  test("one in progress that takes too long is named and left alone", async () => {
    await deployByHand();
    const [theirs] = await deploys();
    await expect(roll(/^deploy dep-/)).rejects.toThrow(
      new RegExp(`${theirs?.id} of quiet is still \\S+, so none was started`),
    );
    expect(await begun()).toBe(1);
    await expect.poll(statuses, PATIENCE).toEqual(["live", "deactivated"]);
  });

  test("two deploys that may be ours are not known, and both are named", async () => {
    await render.control.setFaults({ deployAccepted: true });
    const rolling = roll().catch((error: unknown) => error);
    await expect.poll(begun, PATIENCE).toBe(1);
    await deployByHand();
    const stopped = await rolling;
    const [second, first] = await deploys();
    expect(stopped).toMatchObject({
      outcome: "unknown",
      message: expect.stringContaining(`${second?.id}, ${first?.id}`),
    });
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

  test("a deploy that takes too long goes on, and is named", async () => {
    await expect(roll(/^deploy dep-/)).rejects.toThrow(/is still (created|queued|update_in_progress)\. It goes on/);
  });
});

describe("a deploy that gives way to a later one is followed to that", () => {
  // Slow enough to be canceled before it is live, on a busy machine, too.
  const DELAY = 5 * DELAY_MS;

  test.each([
    ["listed at once", {}],
    ["listed later", { deployAccepted: true }],
  ])("when that one cancels it, %s", async (_when, faults) => {
    await start("override", DELAY);
    const rolling = roll();
    await expect.poll(async () => (await statuses()).length, PATIENCE).toBe(2);
    await render.control.setFaults(faults);
    await deployByHand();
    await rolling;
    expect((await statuses()).slice(0, 2)).toEqual(["live", "canceled"]);
    expect(lines.join("\n")).toContain("gave way to");
  });

  test("when that one waited, and ours is canceled by hand", async () => {
    await start("wait", DELAY);
    const rolling = roll();
    await expect.poll(async () => (await statuses()).length, PATIENCE).toBe(2);
    await deployByHand();
    await cancel((await deploys())[1]?.id);
    await rolling;
    expect((await statuses()).slice(0, 2)).toEqual(["live", "canceled"]);
    expect(lines.join("\n")).toContain("gave way to");
  });
});

test("a cron job is not rolled out: its next run reads what it is given", async () => {
  await start("override");
  const { ownerId } = render.render;
  const created = await render.call("POST", "/services", { name: "nightly", ownerId, type: "cron_job" });
  serviceId = z.object({ service: z.object({ id: z.string().regex(SERVICE_ID) }) }).parse(created.body).service.id;
  expect(serviceId).toMatch(/^crn-/);
  await client.call(RENDER_API.linkService, { id: groupId, serviceId });
  const before = await statuses();
  await roll();
  expect(lines).toEqual(["nightly is a cron job, which is not rolled out: its next run reads what it is given"]);
  expect(await statuses()).toHaveLength(before.length);
});

test("it reuses the build", async () => {
  await start("override");
  await roll();
  expect(lines.join()).not.toContain("build_in_progress");
});

test("Render's limit of deploys is waited out", async () => {
  await start("override");
  await render.control.setFaults({ tooManyRequests: { times: 1, method: "POST", retryAfterSeconds: 3 } });
  await roll();
  expect(lines[0]).toBe("waiting: Render allows 10 deploys of a service a minute");
  expect((await statuses())[0]).toBe("live");
});

describe.each(["override", "wait"] as const)("when the service leaves, where overlapping deploys %s", (policy) => {
  beforeEach(() => start(policy));

  test("a build in progress goes live first, and then it runs without the variables", async () => {
    await deployByHand();
    await client.call(RENDER_API.unlinkService, { id: groupId, serviceId });
    await leave(options());
    expect(await statuses()).toEqual(["live", "deactivated", "deactivated"]);
    expect(deployed()).not.toHaveProperty("A");
  });

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
