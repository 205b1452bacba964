import { afterAll, beforeAll, expect, describe as suite, test } from "vitest";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { parseEnvironment, type ShortEnvironment } from "../../environments/define.ts";
import { pickInstance } from "../../environments/pick.ts";
import { production } from "../../environments/production.ts";
import { API } from "../../render/api/endpoints.ts";
import { createBackend, Deployment } from "./deployment.ts";

/** Production's own file, with what the runbook asks of the service, and as small as it may begin. */
const PRODUCTION: ShortEnvironment = {
  ...production,
  redis: { ...pickInstance(parseEnvironment(production))[1], name: "e2e-redis", plan: "starter", memory: "256 MB" },
  backend: {
    name: "connect-yw-backend",
    region: "oregon",
    env: { ENABLE_QUEUES: "true" },
    healthPath: "/health",
    drainCommand: "node render-redis.mjs example-drain",
  },
};

/** As the runbook takes the protection off. */
const UNPROTECTED = {
  redis: { deletionProtection: false },
  rest: {
    exceptions: [
      ...(production.exceptions ?? []),
      { rule: "production-protected", reason: "Failover on 30 November 2026: the instance is replaced." },
    ],
  },
};

const ADDRESSES = [
  "null_resource.backend_checks",
  "null_resource.backend_leave",
  "null_resource.backend_roll_out",
  "null_resource.preflight",
  "null_resource.redis_checks",
  "null_resource.redis_drain",
  "null_resource.redis_hand_over",
  "render_env_group.backend",
  "render_env_group_link.backend",
  "render_keyvalue.redis",
];

// One life, told in order: each test begins where the one before it ended. It is that of production, and the runbook's.
suite("production's life", () => {
  let deployment: Deployment;
  /** The backend in another region, once there is one. */
  let ohio: string;
  beforeAll(async () => {
    deployment = await Deployment.start({}, PRODUCTION);
  });
  afterAll(() => deployment.stop());

  const redisUrl = async (serviceId?: string) => {
    return (await deployment.linkedGroup(serviceId))?.envVars.find(({ key }) => key === "REDIS_URL")?.value;
  };
  /** What the environment's file says, of an instance that is on `standard` by now. */
  const describe = (redis: Partial<ShortEnvironment["redis"]> = {}, rest: Partial<ShortEnvironment> = {}) => {
    deployment.describe({ plan: "standard", memory: "1 GB", ...redis }, rest);
  };
  const inOhio = (redis: Partial<ShortEnvironment["redis"]> = {}, rest: Partial<ShortEnvironment> = {}) => {
    const backend = { ...PRODUCTION.backend, name: "backend-ohio", region: "ohio", serviceId: ohio } as const;
    describe({ region: "ohio", ...redis }, { backend, ...rest });
  };
  const addresses = async () => [...(await deployment.state()).keys()].sort();
  const checksRun = async () => (await deployment.state()).get("null_resource.redis_checks")?.attributes.id;

  test("First deploy: it brings up a Redis, proves it, and gives the backend its URL", async () => {
    deployment.describe({}, { checks: { prove: true } });
    const { exitCode, output } = await deployment.deploy();
    expect(output).toContain("seen from inside");
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

  test("Changing the plan: the instance changes in place, and the checks run again", async () => {
    const before = { id: await deployment.instanceId(), url: await redisUrl(), checks: await checksRun() };
    describe();
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

  test("Redis is down: the queue is switched off, and nothing is proven again that has not changed", async () => {
    const before = await checksRun();
    describe({}, { backend: { ...PRODUCTION.backend, env: { ENABLE_QUEUES: "false" } } });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    expect((await deployment.linkedGroup())?.envVars).toContainEqual({ key: "ENABLE_QUEUES", value: "false" });
    expect(await checksRun()).toBe(before);
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("Rotating the password: switched on by hand it stops every plan, until the environment says so", async () => {
    const id = await deployment.instanceId();
    await deployment.control.act("internal-authentication", id, "on");
    await expect.poll(() => deployment.instances(), { timeout: 20_000 }).toMatchObject([{ status: "available" }]);
    describe();
    expect((await deployment.plan()).output).toMatch(/internal authentication is\s+on/);
    // From inside nobody knows the password before the group has it.
    const ipAllowList = [{ cidrBlock: "127.0.0.1/32", description: "this machine" }];
    describe({ internalAuthentication: true, ipAllowList });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    expect(await redisUrl()).toMatch(new RegExp(`^redis://${id}:[^@]+@${id}:6379$|^redis://[^@]+@${id}:6379$`));
    // Back again: a hand-over gives no password to a job's command.
    await deployment.control.act("internal-authentication", id, "off");
    await expect.poll(() => deployment.instances(), { timeout: 20_000 }).toMatchObject([{ status: "available" }]);
    describe({ ipAllowList });
    expect((await deployment.deploy()).exitCode).toBe(0);
    describe();
    expect((await deployment.deploy()).exitCode).toBe(0);
  });

  test("Taking the protection off: production refuses to be destroyed or replaced, and to be synthesized open", async () => {
    const before = await deployment.instances();
    const destroy = await deployment.destroy();
    expect(destroy.output).toContain("Instance cannot be destroyed");
    expect(destroy.exitCode).toBe(1);
    const replace = await deployment.terraform(["plan", "-input=false", "-replace=render_keyvalue.redis"]);
    expect(replace.output).toContain("Instance cannot be destroyed");
    expect(await deployment.instances()).toEqual(before);
    describe(UNPROTECTED.redis);
    await expect(deployment.plan()).rejects.toThrow("production-protected");
    describe({}, UNPROTECTED.rest);
    await expect(deployment.plan()).rejects.toThrow("The exception from the rule production-protected is not needed");
  });

  test("Failover: the instance is replaced, and the old one drained before it is destroyed", async () => {
    const before = await deployment.instanceId();
    describe(UNPROTECTED.redis, UNPROTECTED.rest);
    const { exitCode, output } = await deployment.terraform([
      "apply",
      "-auto-approve",
      "-input=false",
      "-replace=render_keyvalue.redis",
    ]);
    expect(exitCode, output).toBe(0);
    expectInOrder(output, [
      "null_resource.redis_checks: Creation complete",
      "null_resource.backend_roll_out: Creation complete",
      `${before} is drained: no jobs left`,
      "render_keyvalue.redis: Destruction complete",
    ]);
    const id = await deployment.instanceId();
    expect(await deployment.instances()).toMatchObject([{ id }]);
    expect(await redisUrl()).toBe(`redis://${id}:6379`);

    // The protection is put back: only an output changes.
    describe();
    const back = await deployment.deploy();
    expect(back.output).toContain("Resources: 0 added, 0 changed, 0 destroyed.");
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("Troubleshooting: another roll-out by hand", async () => {
    const again = ["apply", "-auto-approve", "-input=false", "-replace=null_resource.backend_roll_out"];
    const { exitCode, output } = await deployment.terraform(again);
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/deploy dep-\S+ is live/);
  });

  test("Moving region: the new backend gets the new URL, and the old one drains what only it can reach", async () => {
    const before = await deployment.instanceId();
    ohio = await createBackend(deployment, "backend-ohio", "ohio");
    inOhio(UNPROTECTED.redis, UNPROTECTED.rest);
    const refused = await deployment.deploy();
    expect([refused.exitCode, refused.output]).toEqual([1, expect.stringContaining("is not acknowledged")]);
    const { exitCode, output } = await deployment.deploy({ RENDER_REDIS_ACK: "data-loss:render_keyvalue.redis" });
    expect(exitCode, output).toBe(0);
    expectInOrder(output, [
      `${before} is in oregon: the service that leaves it drains it`,
      "the service runs without this Redis",
      `${before} is drained: no jobs left`,
      "render_keyvalue.redis: Destruction complete",
    ]);
    const id = await deployment.instanceId();
    expect(id).not.toBe(before);
    expect(await deployment.instances()).toMatchObject([{ id, region: "ohio" }]);
    expect(await redisUrl(ohio)).toBe(`redis://${id}:6379`);
    expect(await redisUrl()).toBeUndefined();
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("a smaller plan is refused by Render, and nothing is lost", async () => {
    const before = await deployment.instanceId();
    inOhio({ plan: "starter", memory: "256 MB", ...UNPROTECTED.redis }, UNPROTECTED.rest);
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toContain("downgrade");
    expect(await deployment.instances()).toMatchObject([{ id: before, plan: "standard" }]);
    expect(await redisUrl(ohio)).toBe(`redis://${before}:6379`);

    inOhio(UNPROTECTED.redis, UNPROTECTED.rest);
    expect((await deployment.deploy()).exitCode).toBe(0);
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("Leaving: destroying takes away all of it, and nothing else", async () => {
    inOhio(UNPROTECTED.redis, UNPROTECTED.rest);
    const { exitCode, output } = await deployment.destroy();
    expect(exitCode, output).toBe(0);
    expect(await deployment.instances()).toEqual([]);
    expect(await deployment.linkedGroup(ohio)).toBeUndefined();
    expect(await addresses()).toEqual([]);
  });

  test("an instance that was made by hand is taken over by import", async () => {
    describe();
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

/** That these texts are the last of their kind, one after the other. */
function expectInOrder(output: string, texts: readonly string[]): void {
  const places = texts.map((text) => output.lastIndexOf(text));
  expect(places, output).not.toContain(-1);
  expect(places, output).toEqual(places.toSorted((a, b) => a - b));
}

/** As somebody might have clicked it together: another policy, and no allow list. */
function makeByHand(deployment: Deployment) {
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
