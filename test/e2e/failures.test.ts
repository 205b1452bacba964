import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { API } from "../../render/api/endpoints.ts";
import { Deployment, ENVIRONMENT } from "./deployment.ts";

const WRONG_KEY = "rnd_thisisnotthekeythatopens";

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

// Whatever goes wrong: a message that says what, a state that Terraform can go on from, a backend left alone, and a
// next deploy that heals it.
describe("a deploy that fails", () => {
  let deployment: Deployment;
  afterEach(() => deployment.stop());

  async function start(options: Parameters<typeof Deployment.start>[0] = {}) {
    deployment = await Deployment.start(options);
  }

  async function expectHealed() {
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode, output).toBe(0);
    const id = await deployment.instanceId();
    expect(await deployment.instances()).toMatchObject([{ id, status: "available" }]);
    const group = await deployment.linkedGroup();
    expect(group?.envVars).toContainEqual({ key: "REDIS_URL", value: `redis://${id}:6379` });
    expect((await deployment.plan()).exitCode).toBe(0);
  }

  async function expectUnlinked() {
    expect(await deployment.linkedGroup()).toBeUndefined();
  }

  test("a wrong eviction policy on the running instance stops the deploy before the backend", async () => {
    await start();
    const { id } = await deployment.client.call(
      RENDER_API.createKeyValue,
      {},
      {
        name: ENVIRONMENT.redis.name,
        ownerId: deployment.render.ownerId,
        region: "oregon",
        plan: "starter",
        maxmemoryPolicy: "noeviction",
        ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
      },
    );
    await expect.poll(() => deployment.instances(), { timeout: 300_000 }).toMatchObject([{ status: "available" }]);
    await deployment.control.act("policy", id, "allkeys-lru");
    await deployment.terraform(["import", "-input=false", "render_keyvalue.redis", id]);

    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/eviction-policy .*allkeys-lru/);
    await expectUnlinked();
    expect((await deployment.state()).get("null_resource.redis_checks")?.status).toBe("tainted");

    await deployment.control.act("policy", id, "noeviction");
    await expectHealed();
    expect(await deployment.instanceId()).toBe(id);
  });

  test("a wrong API key creates nothing, is named, and never shown", async () => {
    await start();
    deployment.useCredentials({ apiKey: WRONG_KEY });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toContain("401");
    expect(output).toContain("RENDER_API_KEY");
    expect(output).not.toContain(WRONG_KEY);
    expect(await deployment.instances()).toEqual([]);

    deployment.useCredentials({});
    await expectHealed();
  });

  test("an API that is down creates nothing and is named", async () => {
    await start();
    deployment.useCredentials({ host: `http://127.0.0.1:${await closedPort()}/v1` });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toContain("ECONNREFUSED");
    expect(output).toContain("RENDER_HOST");
    expect(await deployment.instances()).toEqual([]);

    deployment.useCredentials({});
    await expectHealed();
  });

  test("429 fails what the provider sends and creates nothing; what is read, by the next deploy, is waited for", async () => {
    await start();
    const creation = { times: 1, method: "POST", path: "/key-value", retryAfterSeconds: 1 } as const;
    await deployment.control.setFaults({ tooManyRequests: creation });
    const { exitCode, output } = await deployment.deploy();
    expect([exitCode, output]).toEqual([1, expect.stringMatching(/ContentLength=\d+ with Body\s+length 0/)]);
    expect(await deployment.instances()).toEqual([]);
    await deployment.control.setFaults({ tooManyRequests: { times: 3, method: "GET", retryAfterSeconds: 1 } });
    await expectHealed();
  });

  test("an error of Render's while creating leaves nothing behind that the next deploy stumbles over", async () => {
    await start();
    await deployment.control.setFaults({ serverError: { times: 1, method: "POST", path: "/key-value" } });
    const { exitCode, output } = await deployment.deploy();
    expect(exitCode).toBe(1);
    expect(output).toContain("500");
    expect(await deployment.instances()).toEqual([]);
    await expectHealed();
  });

  test("what was created though its answer was lost stops the next deploy, which names it and the ways out", async () => {
    await start();
    const { client, control } = deployment;
    const lose = (path: string) => control.setFaults({ brokenConnection: { times: 1, method: "POST", path } });
    const deployed = async () => {
      const { exitCode, output } = await deployment.deploy();
      expect(exitCode, output).toBe(1);
      // Terraform breaks long lines where it repeats a command's output in an error.
      return output.replaceAll(/\s+/g, " ");
    };
    await lose("/key-value");
    await deployed();
    const [lost] = (await deployment.instances()).map(({ id }) => id);
    expect(await deployment.state().then((state) => state.has("render_keyvalue.redis"))).toBe(false);

    const second = await deployed();
    const ours = await deployment.instanceId();
    expect(second).toContain(`beside ${ours} there is another instance "e2e-redis" in oregon: ${lost}.`);
    expect(second).toMatch(new RegExp(`Nothing in the workspace uses ${lost}\\. Delete it .*/key-value/${lost}"`));
    expect(second).toMatch(
      new RegExp(`state rm render_keyvalue.redis && terraform .* import render_keyvalue.redis ${lost}`),
    );
    await expectUnlinked();
    await client.call(RENDER_API.deleteKeyValue, { id: lost ?? "" });

    await lose("/env-groups");
    await deployed();
    const [group] = (await client.list(API.listEnvGroups, {})).map(({ id }) => id);
    // A link is made once however often it is asked for, so the next deploy goes on with it.
    await lose("/env-groups/");
    expect(await deployed()).toContain("Unable to add service to environment group");
    const backend = { id: deployment.render.backendServiceId };
    expect((await deployment.linkedGroup())?.serviceLinks).toMatchObject([backend]);
    expect((await deployment.state()).has("render_env_group_link.backend")).toBe(false);

    const fifth = await deployed();
    expect(fifth).toMatch(new RegExp(`backend-single-group .*another environment group "e2e-redis-env": ${group}`));
    expect(fifth).toMatch(new RegExp(`Delete it if nobody needs it: .*/env-groups/${group}"`));
    await client.call(RENDER_API.deleteEnvGroup, { id: group ?? "" });
    await expectHealed();
    expect(await client.list(API.listEnvGroups, {})).toMatchObject([{ serviceLinks: [backend] }]);
  });

  test("an instance stuck in creating ends at the deadline, and the backend stays unlinked", async () => {
    await start();
    deployment.describe({}, { checks: { deadlineSeconds: 10 } });
    await deployment.control.setFaults({ stuckCreating: true });
    const begin = Date.now();
    const { exitCode, output } = await deployment.deploy();
    const seconds = (Date.now() - begin) / 1_000;
    expect(exitCode).toBe(1);
    expect(output).toContain("creating");
    expect(seconds).toBeGreaterThan(10);
    await expectUnlinked();
    const id = await deployment.instanceId();

    await deployment.control.clearFaults();
    await expectHealed();
    expect(await deployment.instanceId()).toBe(id);
  });

  test("a shell with the emulator's exports is refused, and so is its own environment without them", async () => {
    await start();
    const marked = await deployment.deploy({ TF_VAR_emulator: "true" });
    expect([marked.exitCode, marked.output]).toEqual([1, expect.stringContaining("set up for Render on this machine")]);
    deployment.describe({}, { emulator: true });
    const unmarked = await deployment.deploy();
    expect([unmarked.exitCode, unmarked.output]).toEqual([1, expect.stringContaining("on this machine only")]);
    expect(await deployment.instances()).toEqual([]);
  });

  test.each([undefined, "", "connect-yw-backend", "srv-1"])(
    "the backend's service id %o is an error at once, not a prompt",
    async (id) => {
      await start();
      // Without TF_INPUT=0, as on anybody's machine.
      const { exitCode, output } = await deployment.deploy({ TF_VAR_backend_service_id: id, TF_INPUT: undefined });
      expect(exitCode).toBe(1);
      expect(output).toContain("TF_VAR_backend_service_id");
      expect(await deployment.instances()).toEqual([]);
    },
  );
});
