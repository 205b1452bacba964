import { afterEach, describe, expect, test } from "vitest";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { askBackend } from "../../examples/backend/ask.ts";
import { API } from "../../render/api/endpoints.ts";
import { type OverlappingDeploys, overlappingDeploys } from "../overlapping-deploys.ts";
import { createBackend, Deployment, ENVIRONMENT } from "./deployment.ts";

const DRAIN = "node render-redis.mjs example-drain";
const BACKEND = { name: "connect-yw-backend", env: { ENABLE_QUEUES: "true" }, healthPath: "/health" };

let deployment: Deployment;
afterEach(() => deployment.stop());

async function start(overlapping: OverlappingDeploys = "override") {
  deployment = await Deployment.start();
  await deployment.control.setFaults({ overlappingDeploys: overlappingDeploys(overlapping) });
  deployment.describe({}, { backend: BACKEND });
}

const mode = async () => (await askBackend(deployment.client, deployment.render.backendServiceId)).mode;
const deploys = () => deployment.client.first(API.listDeploys, { id: deployment.render.backendServiceId });
const live = async () => (await deploys()).find(({ status }) => status === "live")?.id;
const service = () => `/services/${deployment.render.backendServiceId}`;

/** A call that a person makes in the dashboard. */
async function byHand(method: string, path: string, body?: object) {
  const answer = await fetch(`${deployment.render.host}${path}`, {
    method,
    headers: { authorization: `Bearer ${deployment.render.apiKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
}

async function expectDeployed() {
  const { exitCode, output } = await deployment.deploy();
  expect(exitCode, output).toBe(0);
  expect(await mode()).toBe("queued");
  expect((await deployment.plan()).exitCode).toBe(0);
}

/** Nothing was created, and the backend runs on what it had. */
async function expectUntouched(before: string | undefined) {
  expect(await deployment.linkedGroup()).toBeUndefined();
  expect(await live()).toBe(before);
  expect(await mode()).toBe("synchronous");
}

describe("each step that fails leaves the backend as it was, and the next deploy goes on", () => {
  test("preflight: a REDIS_URL on the service itself stops the deploy before anything, naming it", async () => {
    await start();
    await byHand("PUT", `${service()}/env-vars/REDIS_URL`, { value: "redis://:old-password@elsewhere:6379" });
    const before = await live();
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toContain("REDIS_URL is set on connect-yw-backend itself");
    expect(output).not.toContain("old-password");
    expect(await deployment.instances()).toEqual([]);
    await expectUntouched(before);

    await byHand("DELETE", `${service()}/env-vars/REDIS_URL`);
    await expectDeployed();
  });

  test("preflight: all reasons are told at once", async () => {
    await start();
    const { client, render } = deployment;
    const secret = { key: "REDIS_URL", value: "redis://elsewhere:6379" };
    const { ownerId, backendServiceId } = render;
    const group = await client.call(
      RENDER_API.createEnvGroup,
      {},
      { name: "old-redis", ownerId, envVars: [secret], secretFiles: [] },
    );
    await client.call(RENDER_API.linkService, { id: group.id, serviceId: backendServiceId });
    await client.call(
      RENDER_API.createEnvGroup,
      {},
      { name: "e2e-redis-env", ownerId, envVars: [secret], secretFiles: [] },
    );
    await client.call(
      RENDER_API.createKeyValue,
      {},
      {
        name: "hobby",
        ownerId,
        region: "oregon",
        plan: "free",
        maxmemoryPolicy: "noeviction",
        ipAllowList: [],
      },
    );
    deployment.describe({ plan: "free", region: "ohio" }, { backend: BACKEND });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    for (const reason of [
      "connect-yw-backend is in oregon, and the instance is to be in ohio",
      'REDIS_URL is also in the group "old-redis"',
      'an environment group "e2e-redis-env" already',
      "its one free instance: hobby",
      "refused: 4 reasons",
    ]) {
      expect(output).toContain(reason);
    }
    expect(await deployment.instances()).toHaveLength(1);
  });

  test("the group's creation", async () => {
    await start();
    const before = await live();
    await deployment.control.setFaults({ serverError: { times: 1, method: "POST", path: "/env-groups" } });
    expect((await deployment.deploy()).exitCode).toBe(1);
    await expectUntouched(before);
    await expectDeployed();
  });

  test("the link", async () => {
    await start();
    const before = await live();
    await deployment.control.setFaults({ serverError: { times: 1, method: "POST", path: "/env-groups/" } });
    expect((await deployment.deploy()).exitCode).toBe(1);
    await expectUntouched(before);
    await expectDeployed();
  });

  test.each([
    ["update_failed", "override"],
    ["canceled", "wait"],
  ] as const)("the roll-out: a deploy that is %s, where overlapping deploys %s", async (status, overlapping) => {
    await start(overlapping);
    const before = await live();
    await deployment.control.setFaults({ deployFailure: status });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toMatch(new RegExp(`ended as ${status}`));
    expect(output).toContain("/deploys/dep-");
    expect(await live()).toBe(before);
    expect(await mode()).toBe("synchronous");

    await deployment.control.clearFaults();
    await expectDeployed();
  });

  test("the checks on the backend: a health path that does not answer", async () => {
    await start();
    deployment.describe({}, { backend: { ...BACKEND, healthPath: "/nowhere" }, checks: { deadlineSeconds: 10 } });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/backend-health +404/);
    deployment.describe({}, { backend: BACKEND });
    await expectDeployed();
  });
});

test("what the backend reads is rolled out when it changes, and not when it does not", async () => {
  await start("wait");
  await deployment.control.setFaults({ deployAccepted: true });
  // Somebody's commit is being built.
  await byHand("POST", `${service()}/deploys`, {});
  await expectDeployed();
  // It was live before ours.
  expect((await deploys()).map(({ status }) => status)).toEqual(["live", "deactivated", "deactivated"]);
  const first = (await deploys()).length;

  deployment.describe({ plan: "standard" }, { backend: BACKEND });
  expect((await deployment.deploy()).output).toContain("Apply complete!");
  expect(await deploys()).toHaveLength(first);

  deployment.describe({ plan: "standard" }, { backend: { ...BACKEND, env: { ENABLE_QUEUES: "false" } } });
  const { output } = await deployment.deploy();
  expect(output).toMatch(/backend-deploy +dep-/);
  expect(output).toMatch(/backend-variables +REDIS_URL, ENABLE_QUEUES as set/);
  expect(await deploys()).toHaveLength(first + 1);
  expect(await mode()).toBe("synchronous");
});

test("destroying rolls the backend out without the group, and only then destroys the instance", async () => {
  await start("wait");
  deployment.describe({}, { backend: { ...BACKEND, drainCommand: DRAIN } });
  await expectDeployed();

  await deployment.control.setFaults({ deployFailure: "update_failed" });
  const failed = await deployment.destroy();
  expect(failed.exitCode).toBe(1);
  expect(failed.output).toContain("ended as update_failed");
  expect(await deployment.instances()).toHaveLength(1);
  expect(await mode()).toBe("queued");

  await deployment.control.clearFaults();
  const { exitCode, output } = await deployment.destroy();
  expect(exitCode, output).toBe(0);
  expect(output.indexOf("the service runs without this Redis")).toBeGreaterThan(0);
  expect(output.indexOf("is drained")).toBeGreaterThan(output.indexOf("the service runs without this Redis"));
  expect(output.indexOf("render_keyvalue.redis: Destroying")).toBeGreaterThan(output.indexOf("is drained"));
  expect(await deployment.instances()).toEqual([]);
  expect(await mode()).toBe("synchronous");
});

describe("when the instance is replaced", () => {
  const replace = () =>
    deployment.terraform(["apply", "-auto-approve", "-input=false", "-replace=render_keyvalue.redis"]);

  test("the old one stays until the backend is live on the new one and the old one is empty", async () => {
    await start("wait");
    deployment.describe({}, { backend: { ...BACKEND, drainCommand: DRAIN } });
    await expectDeployed();
    const before = await deployment.instanceId();

    await deployment.control.setFaults({ deployFailure: "update_failed" });
    expect((await replace()).exitCode).toBe(1);
    const both = (await deployment.instances()).map(({ id }) => id);
    expect(both).toHaveLength(2);
    expect(both).toContain(before);
    expect(await mode()).toBe("queued");

    await deployment.control.clearFaults();
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    const switched = output.indexOf("backend_roll_out: Creation complete");
    const emptied = output.indexOf(`${before} is drained`);
    const destroyed = output.lastIndexOf("render_keyvalue.redis: Destruction complete");
    expect(switched).toBeGreaterThan(0);
    expect(emptied).toBeGreaterThan(switched);
    expect(destroyed).toBeGreaterThan(emptied);
    const after = await deployment.instances();
    expect(after).toHaveLength(1);
    expect(after[0]?.id).not.toBe(before);
    expect(await mode()).toBe("queued");
    expect((await deployment.plan()).exitCode).toBe(0);
  });

  test("one that is proven wrong never gets the backend", async () => {
    await start();
    await expectDeployed();
    const before = { id: await deployment.instanceId(), live: await live() };
    await deployment.control.setFaults({ stuckCreating: true });
    deployment.describe({}, { backend: BACKEND, checks: { deadlineSeconds: 10 } });
    expect((await replace()).exitCode).toBe(1);
    expect((await deployment.instances()).map(({ id }) => id)).toContain(before.id);
    expect(await live()).toBe(before.live);
    expect(await mode()).toBe("queued");
    expect((await deployment.linkedGroup())?.envVars).toContainEqual({
      key: "REDIS_URL",
      value: `redis://${before.id}:6379`,
    });
  });

  test("a free one is refused before anything happens: Render has room for one", async () => {
    await start();
    deployment.describe({ plan: "free" }, { backend: BACKEND });
    await expectDeployed();
    const before = await deployment.instances();
    deployment.describe({ plan: "free", region: "ohio" }, { backend: BACKEND });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toContain("it cannot be replaced while it runs");
    expect(await deployment.instances()).toEqual(before);
    expect(await mode()).toBe("queued");
  });
});

test("another backend gets the variables, and the one before is rolled out without them", async () => {
  await start();
  await expectDeployed();
  const serviceId = await createBackend(deployment, "another", ENVIRONMENT.redis.region);
  deployment.describe({}, { backend: { ...BACKEND, name: "another", serviceId } });
  const { exitCode, output } = await deployment.deploy();
  expect(exitCode, output).toBe(0);
  expect((await askBackend(deployment.client, serviceId)).mode).toBe("queued");
  expect(await mode()).toBe("synchronous");
  expect((await deployment.plan()).exitCode).toBe(0);
});
