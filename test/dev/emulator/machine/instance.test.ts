import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at, TestRender, until } from "../harness.ts";

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start();
});
afterAll(() => render.stop());

const HERE = [{ cidrBlock: "127.0.0.1/32", description: "this machine" }];

async function withRedis<T>(id: string, use: (redis: Redis) => Promise<T>, within = render): Promise<T> {
  const { external } = await within.urls(id);
  const redis = new Redis(external, {
    tls: { ca: readFileSync(within.render.caFile) },
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    // Long for a busy machine, short for a server that is suspended.
    commandTimeout: 2_000,
  });
  redis.on("error", () => {});
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

async function info(id: string, field: string): Promise<string | undefined> {
  const text = await withRedis(id, (redis) => redis.info());
  return new RegExp(`^${field}:(.*?)\r?$`, "m").exec(text)?.[1];
}

test("the server has the plan's memory and connections, and the policy", async () => {
  const id = await render.instance({ ipAllowList: HERE, plan: "standard", maxmemoryPolicy: "volatile_ttl" });
  expect(await info(id, "maxmemory")).toBe(String(1024 ** 3));
  expect(await info(id, "maxmemory_policy")).toBe("volatile-ttl");
  expect(await info(id, "maxclients")).toBe("1000");
  expect(await info(id, "aof_enabled")).toBe("1");
});

test.each(["CONFIG GET maxmemory", "ACL LIST", "SHUTDOWN NOSAVE", "REPLICAOF NO ONE"])(
  "%s is not permitted",
  async (line) => {
    const id = await render.instance({ ipAllowList: HERE });
    const [name = "", ...args] = line.split(" ");
    await expect(withRedis(id, (redis) => redis.call(name, ...args))).rejects.toThrow(/^NOPERM/);
  },
);

describe("changing an instance", () => {
  test("name and allow list do not restart it", async () => {
    const id = await render.instance({ ipAllowList: HERE });
    const run = await info(id, "run_id");
    const list = [...HERE, { cidrBlock: "10.0.0.0/8", description: "office" }];
    const patched = await render.call("PATCH", `/key-value/${id}`, { name: "renamed", ipAllowList: list });
    expect(patched.body).toMatchObject({ name: "renamed", ipAllowList: list, status: "available" });
    expect(await info(id, "run_id")).toBe(run);
  });

  test.each([
    ["plan up", {}, { plan: "standard" }, "updating_instance", "kept"],
    ["policy", {}, { maxmemoryPolicy: "allkeys_lru" }, "config_restart", "kept"],
    ["journal to snapshot", {}, { persistenceMode: "snapshot" }, "config_restart", "kept"],
    [
      "snapshot to journal",
      { persistenceMode: "snapshot" },
      { persistenceMode: "journal_snapshot" },
      "config_restart",
      "kept",
    ],
    ["persistence off", {}, { persistenceMode: "off" }, "config_restart", "lost"],
    ["persistence on", { persistenceMode: "off" }, { persistenceMode: "snapshot" }, "config_restart", "lost"],
    ["free to paid", { plan: "free" }, { plan: "starter" }, "updating_instance", "lost"],
  ])("%s restarts it; data is as Render leaves it", async (_, before, change, status, data) => {
    const id = await render.instance({ ipAllowList: HERE, ...before });
    await withRedis(id, (redis) => redis.set("key", "kept"));
    const patched = await render.call("PATCH", `/key-value/${id}`, change);
    expect(at(patched.body, "status")).toBe(status);
    await render.untilStatus(id, "available");
    expect(await withRedis(id, (redis) => redis.get("key"))).toBe(data === "kept" ? "kept" : null);
    // A second restart, so that what the first one wrote is read, too.
    await render.call("PATCH", `/key-value/${id}`, { maxmemoryPolicy: "volatile_lru" });
    await render.untilStatus(id, "available");
    const kept = data === "kept" ? "kept" : null;
    expect(await withRedis(id, (redis) => redis.get("key"))).toBe(kept);
    await render.call("DELETE", `/key-value/${id}`);
  });

  test("free to paid begins to persist", async () => {
    const id = await render.instance({ plan: "free" });
    const patched = await render.call("PATCH", `/key-value/${id}`, { plan: "starter" });
    expect(patched.body).toMatchObject({ plan: "starter", options: { persistenceMode: "journal_snapshot" } });
  });
});

test("state, data, ids, ports and password survive a restart of the whole", async () => {
  const first = await TestRender.start();
  const id = await first.instance({ ipAllowList: HERE });
  const urls = await first.urls(id);
  await withRedis(id, (redis) => redis.set("key", "kept"), first);
  await first.render.stop();
  const second = await TestRender.start({ directory: first.render.directory });
  expect(second.render).toMatchObject({
    host: first.render.host,
    apiKey: first.render.apiKey,
    ownerId: first.render.ownerId,
  });
  expect(at((await second.call("GET", `/key-value/${id}`)).body, "status")).toBe("available");
  expect(await second.urls(id)).toEqual(urls);
  expect(await withRedis(id, (redis) => redis.get("key"), second)).toBe("kept");
  await second.stop();
});

test("a crashed server is started again", async () => {
  const id = await render.instance({ ipAllowList: HERE });
  process.kill(Number(await info(id, "process_id")), "SIGKILL");
  await render.untilStatus(id, "unavailable");
  await render.untilStatus(id, "available");
});

test("metrics show the real server", async () => {
  const id = await render.instance({ ipAllowList: HERE });
  await withRedis(id, async (redis) => {
    await redis.ping();
    const value = async (metric: string) => (await render.call("GET", `/metrics/${metric}?resource=${id}`)).body;
    expect(await value("memory-limit")).toMatchObject([{ unit: "bytes", values: [{ value: 256 * 1024 ** 2 }] }]);
    expect(await value("active-connections")).toMatchObject([{ values: [{ value: 1 }] }]);
    expect(await value("memory")).toMatchObject([{ values: [{ value: expect.any(Number) }] }]);
    expect(await value("cpu")).toEqual([]);
  });
});

describe("faults", () => {
  test("killed: unavailable, refused, and down until it is started", async () => {
    const id = await render.instance({ ipAllowList: HERE });
    await render.control.act("kill", id);
    await render.untilStatus(id, "unavailable");
    await expect(withRedis(id, (redis) => redis.ping())).rejects.toThrow();
    await render.control.act("start", id);
    await render.untilStatus(id, "available");
    expect(await withRedis(id, (redis) => redis.ping())).toBe("PONG");
  });

  test("frozen: no answer until it is thawed", async () => {
    const id = await render.instance({ ipAllowList: HERE });
    await render.control.act("freeze", id);
    await expect(withRedis(id, (redis) => redis.ping())).rejects.toThrow(/timed out/);
    await render.control.act("thaw", id);
    expect(await withRedis(id, (redis) => redis.ping())).toBe("PONG");
  });

  test("another policy on the running server, behind the API's back", async () => {
    const id = await render.instance({ ipAllowList: HERE });
    await render.control.act("policy", id, "allkeys-lru");
    expect(await info(id, "maxmemory_policy")).toBe("allkeys-lru");
    expect(at((await render.call("GET", `/key-value/${id}`)).body, "options.maxmemoryPolicy")).toBe("noeviction");
    await expect(render.control.act("policy", id, "lru")).rejects.toThrow("`policy` must be one of");
  });

  test("stuck in creating until it is switched off", async () => {
    await render.control.setFaults({ stuckCreating: true });
    const id = at((await render.call("POST", "/key-value", render.newInstance())).body, "id");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(at((await render.call("GET", `/key-value/${id}`)).body, "status")).toBe("creating");
    await render.control.clearFaults();
    await render.untilStatus(id, "available");
  });

  test("filled: writes are refused; drained: they are not", async () => {
    const id = await render.instance({ ipAllowList: HERE, plan: "free" });
    await render.control.act("fill", id);
    await expect(withRedis(id, (redis) => redis.set("key", "x".repeat(100_000)))).rejects.toThrow(/^OOM/);
    await render.control.act("drain", id);
    await until(async () => (await withRedis(id, (redis) => redis.set("key", "value")).catch(() => "")) === "OK");
  });

  test("internal authentication puts the password into the internal URL", async () => {
    const id = await render.instance();
    await render.control.act("internal-authentication", id, "on");
    expect((await render.urls(id)).internal).toMatch(new RegExp(`^redis://${id}:[A-Za-z0-9]{32}@${id}:6379$`));
  });

  test.each([
    ["429s", { tooManyRequests: { times: 2, path: "/key-value" } }, [429, 429, 200]],
    ["5xx at the n-th call", { serverError: { after: 1, status: 503 as const } }, [200, 503, 200]],
    ["only another path", { serverError: { path: "/services" } }, [200, 200, 200]],
    ["only another method", { serverError: { method: "POST" as const } }, [200, 200, 200]],
  ])("of calls: %s", async (_, faults, statuses) => {
    await render.control.setFaults(faults);
    const answers = [];
    for (const _call of statuses) answers.push(await render.call("GET", "/key-value"));
    expect(answers.map((answer) => answer.status)).toEqual(statuses);
    for (const answer of answers) if (answer.status === 429) expect(answer.headers.get("retry-after")).toBe("1");
    await render.control.clearFaults();
  });

  test("of calls: garbage, a broken connection after the effect, and latency", async () => {
    await render.control.setFaults({ garbage: {} });
    await expect(render.call("GET", "/key-value")).rejects.toThrow(SyntaxError);
    await render.control.setFaults({ garbage: null, brokenConnection: { method: "POST" } });
    await expect(render.call("POST", "/key-value", render.newInstance({ name: "orphan" }))).rejects.toThrow(
      "fetch failed",
    );
    const found = await render.call("GET", "/key-value?name=orphan");
    expect(found.body).toMatchObject([{ keyValue: { name: "orphan" } }]);
    await render.control.setFaults({ brokenConnection: null, latencyMs: 120 });
    const start = performance.now();
    await render.call("GET", "/owners");
    expect(performance.now() - start).toBeGreaterThan(110);
    await render.control.clearFaults();
  });

  test("plans shown under their new names", async () => {
    const id = await render.instance();
    await render.control.setFaults({ newPlanNames: true });
    expect(at((await render.call("GET", `/key-value/${id}`)).body, "plan")).toBe("256mb");
    await render.control.clearFaults();
  });
});
