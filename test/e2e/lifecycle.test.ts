import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { API } from "../../render/api/endpoints.ts";
import { createBackend, Deployment } from "./deployment.ts";

const ADDRESSES = [
  "null_resource.backend_checks",
  "null_resource.backend_leave",
  "null_resource.backend_roll_out",
  "null_resource.preflight",
  "null_resource.redis_checks",
  "render_env_group.backend",
  "render_env_group_link.backend",
  "render_keyvalue.redis",
];

// One life, told in order: each test begins where the one before it ended.
describe("an environment's life", () => {
  let deployment: Deployment;
  /** The backend in another region, once there is one. */
  let ohio: string;
  beforeAll(async () => {
    deployment = await Deployment.start();
  });
  afterAll(() => deployment.stop());

  const redisUrl = async (serviceId?: string) => {
    return (await deployment.linkedGroup(serviceId))?.envVars.find(({ key }) => key === "REDIS_URL")?.value;
  };
  const inOhio = (redis: Parameters<Deployment["describe"]>[0], rest = {}) => {
    deployment.describe({ region: "ohio", ...redis }, { backend: { name: "backend-ohio", serviceId: ohio, ...rest } });
  };
  const addresses = async () => [...(await deployment.state()).keys()].sort();
  const checksRun = async () => (await deployment.state()).get("null_resource.redis_checks")?.attributes.id;

  test("the first deploy brings up a Redis, proves it, and gives the backend its URL", async () => {
    deployment.describe({}, { checks: { prove: true } });
    const { exitCode, output } = await deployment.deploy();
    expect(output).toMatch(/eviction-proof .*writes refused \(OOM\), 0 evicted/);
    expect(output).toMatch(/ping .*PONG/);
    expect(output).toMatch(/eviction-policy .*noeviction/);
    expect(output).toMatch(/memory-limit .*256 MB/);
    expect(exitCode).toBe(0);

    const id = await deployment.instanceId();
    expect(await deployment.instances()).toMatchObject([
      { id, name: "e2e-redis", plan: "starter", status: "available" },
    ]);
    expect(await deployment.linkedGroup()).toMatchObject({ name: "e2e-redis-env" });
    expect(await redisUrl()).toBe(`redis://${id}:6379`);
    expect(await addresses()).toEqual(ADDRESSES);

    const { externalConnectionString } = await deployment.client.call(API.getConnectionInfo, { id });
    expect(output).not.toContain(new URL(externalConnectionString).password);
    expect(output).not.toContain(deployment.render.apiKey);
  });

  test("a second plan is empty", async () => {
    const { exitCode, output } = await deployment.plan();
    expect(output).toContain("No changes.");
    expect(exitCode).toBe(0);
  });

  test("another name changes the name and nothing else", async () => {
    const before = { id: await deployment.instanceId(), url: await redisUrl() };
    deployment.describe({ name: "e2e-renamed" });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    expect(await deployment.instances()).toMatchObject([{ id: before.id, name: "e2e-renamed", status: "available" }]);
    expect(await redisUrl()).toBe(before.url);
    expect((await deployment.plan()).exitCode).toBe(0);
    deployment.describe({});
    expect((await deployment.deploy()).exitCode).toBe(0);
  });

  test("without anybody on the allow list it is proven from inside, by a one-off job of the backend", async () => {
    deployment.describe({ ipAllowList: [] });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    expect(output).toContain("seen from inside");
    expect(output).toMatch(/ping .*PONG/);
    expect(await deployment.instances()).toMatchObject([{ ipAllowList: [] }]);
    deployment.describe({});
    expect((await deployment.deploy()).exitCode).toBe(0);
  });

  test("a larger plan changes the instance in place, and the checks run again", async () => {
    const before = { id: await deployment.instanceId(), url: await redisUrl(), checks: await checksRun() };
    deployment.describe({ plan: "standard" });
    // Render calls it available for a moment, as it was.
    await deployment.control.setFaults({ lateUpdateMs: 3_000 });
    const { exitCode, output } = await deployment.deploy();
    await deployment.control.clearFaults();
    expect(output).toContain("the server has yet to follow the update");
    expect(output).toMatch(/memory-limit .*1 GB/);
    expect(exitCode).toBe(0);

    expect(await deployment.instanceId()).toBe(before.id);
    expect(await redisUrl()).toBe(before.url);
    expect(await checksRun()).not.toBe(before.checks);
    expect(await addresses()).toEqual(ADDRESSES);
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("what the checks don't prove does not run them again", async () => {
    const before = await checksRun();
    deployment.describe(
      { plan: "standard" },
      { backend: { name: "connect-yw-backend", env: { ENABLE_QUEUES: "false" } } },
    );
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    expect((await deployment.linkedGroup())?.envVars).toContainEqual({ key: "ENABLE_QUEUES", value: "false" });
    expect(await checksRun()).toBe(before);
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("another region replaces the instance, and the backend gets the new URL once it is proven", async () => {
    const before = await deployment.instanceId();
    ohio = await createBackend(deployment, "backend-ohio", "ohio");
    inOhio({ plan: "standard" }, { drainCommand: "node --import tsx examples/backend/drain.ts" });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    // The old service leaves, then drains the instance that only it can reach, and only then is that destroyed.
    const steps = [
      `${before} is in oregon: the service that leaves it drains it`,
      "the service runs without this Redis",
      `${before} is drained: no jobs left`,
      "render_keyvalue.redis: Destruction complete",
    ].map((text) => output.lastIndexOf(text));
    expect(steps, output).toEqual(steps.toSorted((a, b) => a - b));
    expect(steps[0]).toBeGreaterThan(0);

    const id = await deployment.instanceId();
    expect(id).not.toBe(before);
    expect(await deployment.instances()).toMatchObject([{ id, region: "ohio" }]);
    expect(await redisUrl(ohio)).toBe(`redis://${id}:6379`);
    expect(await redisUrl()).toBeUndefined();
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("a smaller plan is refused by Render, and nothing is lost", async () => {
    const before = await deployment.instanceId();
    inOhio({ plan: "starter" });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toContain("downgrade");
    expect(await deployment.instances()).toMatchObject([{ id: before, plan: "standard" }]);
    expect(await redisUrl(ohio)).toBe(`redis://${before}:6379`);

    inOhio({ plan: "standard" });
    expect((await deployment.deploy()).exitCode).toBe(0);
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("a protected instance refuses to be destroyed, and to be replaced", async () => {
    const before = await deployment.instanceId();
    inOhio({ plan: "standard", deletionProtection: true });
    expect((await deployment.deploy()).exitCode).toBe(0);
    const destroy = await deployment.destroy();
    expect(destroy.output).toContain("Instance cannot be destroyed");
    expect(destroy.exitCode).toBe(1);

    deployment.describe({ plan: "standard", region: "virginia", deletionProtection: true });
    const replace = await deployment.deploy();
    expect(replace.output).toContain("Instance cannot be destroyed");
    expect(replace.exitCode).toBe(1);
    expect(await deployment.instanceId()).toBe(before);
    expect(await redisUrl(ohio)).toBe(`redis://${before}:6379`);
  });

  test("destroying takes away all of it, and nothing else", async () => {
    inOhio({ plan: "standard" });
    const { exitCode, output } = await deployment.destroy();
    expect(exitCode, output).toBe(0);
    expect(await deployment.instances()).toEqual([]);
    expect(await deployment.linkedGroup(ohio)).toBeUndefined();
    expect(await addresses()).toEqual([]);
  });

  test("an instance that was made by hand is taken over by import", async () => {
    const { id } = await makeByHand(deployment);
    const imported = await deployment.terraform(["import", "-input=false", "render_keyvalue.redis", id]);
    expect(imported.exitCode, imported.output).toBe(0);
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    expect(await deployment.instances()).toMatchObject([
      { id, plan: "standard", options: { maxmemoryPolicy: "noeviction" } },
    ]);
    expect(await redisUrl()).toBe(`redis://${id}:6379`);
    expect((await deployment.plan()).exitCode).toBe(0);
  });
});

/** As somebody might have clicked it together: another policy, and no allow list. */
async function makeByHand(deployment: Deployment) {
  deployment.describe({ plan: "standard" });
  return deployment.client.call(
    RENDER_API.createKeyValue,
    {},
    {
      name: "e2e-redis",
      ownerId: deployment.render.ownerId,
      region: "oregon",
      plan: "standard",
      maxmemoryPolicy: "allkeys_lru",
      ipAllowList: [],
    },
  );
}
