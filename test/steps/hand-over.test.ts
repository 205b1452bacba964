import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { RenderClient } from "../../render/api/client.ts";
import { API } from "../../render/api/endpoints.ts";
import type { KnownIds } from "../../render/terraform-state.ts";
import { drainBehind, handOver } from "../../steps/hand-over.ts";
import { TestRender } from "../dev/emulator/harness.ts";

const ADDRESS = "render_keyvalue.redis";

let render: TestRender;
let client: RenderClient;
let lines: string[];

beforeAll(async () => {
  render = await TestRender.start();
  client = new RenderClient({ apiKey: render.render.apiKey, host: render.render.host });
});
afterAll(() => render.stop());
beforeEach(() => {
  lines = [];
});
afterEach(async () => {
  await render.control.clearFaults();
  for (const { id } of await client.list(API.listKeyValues, {})) await client.call(RENDER_API.deleteKeyValue, { id });
});

function run(instanceId: string, known: KnownIds | undefined, command = "true"): Promise<void> {
  const say = (line: string) => void lines.push(line);
  const serviceId = render.render.backendServiceId;
  const signal = AbortSignal.timeout(20_000);
  return handOver({ client, serviceId, instanceId, command, signal, say, address: ADDRESS, known });
}

const state = (...ids: string[]): KnownIds => new Map([[ADDRESS, ids]]);
const jobs = async () => client.list(RENDER_API.listJobs, { id: render.render.backendServiceId });

/** What makes somebody's instance look used, or unused. */
async function group(instanceId: string, link = true): Promise<string> {
  const envVars = [{ key: "REDIS_URL", value: `redis://${instanceId}:6379` }];
  const { ownerId, backendServiceId } = render.render;
  const { id } = await client.call(
    RENDER_API.createEnvGroup,
    {},
    { name: "in-use", ownerId, envVars, secretFiles: [] },
  );
  if (link) await client.call(RENDER_API.linkService, { id, serviceId: backendServiceId });
  return id;
}

test("drains what the state knows under the instance's address, whatever its name and wherever it runs", async () => {
  const old = await render.instance({ name: "former-name", region: "oregon" });
  const id = await render.instance();
  await run(id, state(id, old));
  expect(lines).toContain(`${old} is drained: no jobs left`);
  expect(lines.join("\n")).not.toContain(`${id} is drained`);
});

test("a remote state that does not have the new instance yet tells the old one all the same", async () => {
  const old = await render.instance();
  const id = await render.instance();
  await run(id, state(old));
  expect(lines).toContain(`${old} is drained: no jobs left`);
});

test("never drains a namesake that the state does not know, older or newer, however unused it looks", async () => {
  const foreign = await render.instance();
  const id = await render.instance();
  const newer = await render.instance();
  const before = (await jobs()).length;
  await run(id, state(id));
  for (const other of [foreign, newer]) {
    expect(lines).toContain(
      `${other} has the same name, and this state does not know it: it is not ours, and not drained`,
    );
  }
  expect(lines.at(-1)).toBe("no previous instance to drain");
  expect(await jobs()).toHaveLength(before);
});

test("instances of other addresses and other regions are none of its business", async () => {
  const [cache, ohio] = [await render.instance({ name: "cache" }), await render.instance({ region: "ohio" })];
  const id = await render.instance();
  await run(id, new Map([...state(id), ["render_keyvalue.cache", [cache]]]));
  expect(lines).toEqual(["no previous instance to drain"]);
  expect(ohio).not.toBe(id);
});

test("a state that cannot be read drains nothing, and says so", async () => {
  await render.instance();
  const id = await render.instance();
  const before = (await jobs()).length;
  await expect(run(id, undefined)).rejects.toMatchObject({
    outcome: "unknown",
    message: expect.stringMatching(/^The Terraform state could not be read.* Nothing was drained\./),
  });
  expect(await jobs()).toHaveLength(before);
});

test("what is gone already is not drained", async () => {
  const id = await render.instance();
  await run(id, state(id, "red-d00000000000000000a0"));
  expect(lines).toEqual(["no previous instance to drain"]);
});

test("fails when the drain does, so that the next run finds the same state and drains again", async () => {
  const [old, id] = [await render.instance(), await render.instance()];
  await expect(run(id, state(id, old), "false")).rejects.toThrow(`${old} is kept`);
  await run(id, state(id, old));
  expect(lines).toContain(`${old} is drained: no jobs left`);
});

test.each<[string, (old: string) => Promise<RegExp>]>([
  ["a linked group", async (old) => new RegExp(`"in-use" \\(${await group(old)}\\), by REDIS_URL`)],
  [
    "a service's own variable",
    async (old) => {
      const value = `rediss://${old}:s3cret@oregon-keyvalue.render.com:6379`;
      await client.call(
        RENDER_API.setServiceVariable,
        { id: render.render.backendServiceId, key: "CACHE_URL" },
        { value },
      );
      return /the service "connect-yw-backend" \(srv-\w+\), by its own CACHE_URL/;
    },
  ],
  [
    "a Blueprint",
    async (old) => {
      await render.control.setFaults({ blueprint: [old] });
      return /the Blueprint "render\.yaml" \(exs-\w+\)/;
    },
  ],
])("%s that uses the old instance stops the hand-over, and is named", async (_what, use) => {
  const [old, id] = [await render.instance(), await render.instance()];
  const named = await use(old);
  const failed = run(id, state(id, old));
  await expect(failed).rejects.toThrow(named);
  await expect(failed).rejects.toThrow(`${old} is to be destroyed, and is still used by `);
  await expect(failed).rejects.not.toThrow("s3cret");
  await client
    .call(RENDER_API.deleteServiceVariable, { id: render.render.backendServiceId, key: "CACHE_URL" })
    .catch(() => {});
  for (const { id: groupId } of await client.list(API.listEnvGroups, {})) {
    await client.call(RENDER_API.deleteEnvGroup, { id: groupId });
  }
});

test("a group that is linked to nothing uses nothing", async () => {
  const [old, id] = [await render.instance(), await render.instance()];
  await group(old, false);
  await run(id, state(id, old));
  expect(lines).toContain(`${old} is drained: no jobs left`);
});

test("leaves an instance of another region to the service that leaves it", async () => {
  const [old, id] = [await render.instance({ region: "ohio" }), await render.instance()];
  await run(id, state(id, old));
  expect(lines).toEqual([`${old} is in ohio: the service that leaves it drains it`]);
});

test("stops for an instance of another region that somebody uses", async () => {
  const [old, id] = [await render.instance({ region: "ohio" }), await render.instance()];
  const groupId = await group(old);
  await expect(run(id, state(id, old))).rejects.toThrow(`${old} is to be destroyed, and is still used by `);
  await client.call(RENDER_API.deleteEnvGroup, { id: groupId });
});

describe("a service that has left", () => {
  const behind = (known: KnownIds | undefined, serviceId = render.render.backendServiceId) => {
    const say = (line: string) => void lines.push(line);
    const signal = AbortSignal.timeout(20_000);
    return drainBehind({ client, serviceId, command: "true", signal, say, address: ADDRESS, known });
  };
  const suspend = (verb: "suspend" | "resume") =>
    render.call("POST", `/services/${render.render.backendServiceId}/${verb}`);
  /** The instance in the region that the environment has moved to, which its new service uses. */
  async function moved() {
    const [id, old] = [await render.instance({ region: "ohio" }), await render.instance()];
    const groupId = await group(id);
    onTestFinished(() => client.call(RENDER_API.deleteEnvGroup, { id: groupId }));
    return { id, old };
  }

  test("drains what stays behind in its region, and not what is used", async () => {
    const { id, old } = await moved();
    await behind(state(id, old));
    expect(lines.at(-1)).toBe(`${old} is drained: no jobs left`);
    expect(lines.join()).not.toContain(id);
  });

  test("drains nothing where the instance stays, or is gone", async () => {
    const id = await render.instance();
    await behind(state(id));
    await behind(state());
    await behind(state("red-d00000000000000000a0", "red-d00000000000000000b0"));
    expect(lines).toEqual([]);
  });

  test("and is suspended or gone keeps what only it could drain", async () => {
    const { id, old } = await moved();
    await suspend("suspend");
    onTestFinished(async () => void (await suspend("resume")));
    const kept = `${old} in oregon is to be destroyed, and `;
    await expect(behind(state(id, old))).rejects.toThrow(kept);
    await expect(behind(state(id, old), "srv-00000000000000000000")).rejects.toThrow(kept);
  });

  test("and is gone is no reason to keep what the new one has drained", async () => {
    const { id } = await moved();
    const drained = await render.instance({ region: "ohio" });
    await behind(state(id, drained), "srv-00000000000000000000");
    expect(lines).toEqual([]);
  });

  test("is told when the state cannot be read", async () => {
    await expect(behind(undefined)).rejects.toThrow("The Terraform state could not be read");
  });
});
