import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inspect } from "../../operations/inspect.ts";
import type { Inspection } from "../../operations/inspection.ts";
import { parseRedisUrl } from "../../redis/address.ts";
import { type RedisServer, startRedis } from "../checks/support/redis-server.ts";
import { LIBRARIES } from "./queues-of-libraries.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.admin(["FLUSHALL"]);
});

/** Users by what they may not do. */
const ACLS = { "-@admin": [], "-@admin -memory -object": ["MEMORY USAGE"] } as const;

async function inspected(options: { all?: boolean; acl?: string; withinMs?: number } = {}): Promise<Inspection> {
  const { all = false, acl = "-@admin", withinMs = 60_000 } = options;
  await server.admin(["ACL", "SETUSER", "inspector", "reset", "on", ">pw", "~*", "+@all", ...acl.split(" ")]);
  const url = `redis://inspector:pw@127.0.0.1:${server.port}`;
  return inspect(parseRedisUrl(url), { all, share: 1, withinMs, signal: new AbortController().signal });
}

/** Bytes of all keys that begin with a text, by the server itself. */
async function bytesOf(prefix: string, db = 0): Promise<number> {
  const script = `local sum = 0
    for _, key in ipairs(redis.call("KEYS", ARGV[1])) do
      sum = sum + redis.call("MEMORY", "USAGE", key, "SAMPLES", 0)
    end
    return sum`;
  const [, sum] = await server.admin(["SELECT", String(db)], ["EVAL", script, "0", `${prefix}*`]);
  return Number(sum);
}

const sum = (sizes: readonly { readonly bytes: number }[]) => sizes.reduce((all, { bytes }) => all + bytes, 0);

function expectNear(actual: number, expected: number, share = 0.05): void {
  expect(Math.abs(actual - expected) / expected).toBeLessThan(share);
}

describe.each(Object.entries(LIBRARIES))("the kept jobs of %s", (library, fill) => {
  test.each(Object.entries(ACLS))("are found with an ACL of +@all %s", async (acl, refused) => {
    await fill(server.port, "mail", { completed: 600, waiting: 350, delayed: 50 });
    const { queues, sizes, ...found } = await inspected({ acl });
    const [queue] = queues;
    expect(queues.map(({ name, version }) => [name, version])).toEqual([["mail", library]]);
    const jobs = Object.fromEntries((queue?.states ?? []).map((state) => [state.state, state.jobs]));
    expect(jobs).toMatchObject({ completed: 600, delayed: 50 });
    expect((jobs.waiting ?? 0) + (jobs.paused ?? 0)).toBe(350);
    expect(queue?.oldestWaitingSeconds).toBeLessThan(60);
    expect(found.refused).toEqual(["CLIENT LIST", ...refused].toSorted());
    expect(sizes).toBe(refused.length === 0 ? "sampled" : "estimated");
    const all = await bytesOf("bull:mail");
    const near = refused.length === 0 ? 0.05 : 0.25;
    expectNear(sum(found.groups), all, near);
    expectNear(sum(queue?.states ?? []) + (queue?.events ?? 0), all, near);
    const completed = queue?.states.find(({ state }) => state === "completed")?.bytes ?? 0;
    expect(completed / sum(queue?.states ?? [])).toBeGreaterThan(0.6);
  });
});

test("every key is measured where all are asked for", async () => {
  await LIBRARIES["BullMQ 6"](server.port, "mail", { completed: 700, waiting: 10, delayed: 0 });
  await server.admin(["SET", "one:of:a:kind", "x".repeat(1_000_000)], ["SETEX", "session:12ab34", "100", "x"]);
  const { sizes, keys, groups, largest } = await inspected({ all: true });
  expect({ sizes, seen: keys.seen, total: keys.total }).toEqual({
    sizes: "exact",
    seen: keys.total,
    total: keys.total,
  });
  // The server may be about to make a table larger.
  expectNear(sum(groups), await bytesOf(""), 0.001);
  expect(largest[0]).toMatchObject({ key: "one:of:a:kind" });
  expect(groups.find(({ pattern }) => pattern === "bull:mail:*")).toMatchObject({ keys: 710, lasting: 710 });
  expect(groups.find(({ pattern }) => pattern.startsWith("session"))).toMatchObject({ keys: 1, lasting: 0 });
});

test("Celery's lists are queues, in whatever database they are", async () => {
  const message = JSON.stringify({ body: "x".repeat(500), headers: { task: "report" } });
  await server.admin(
    ["SELECT", "1"],
    ["SADD", "_kombu.binding.reports", "reports\u0006\u0016\u0006\u0016reports"],
    ["RPUSH", "reports", ...Array.from({ length: 100 }, () => message)],
    ["HSET", "unacked", "tag", message],
  );
  const { queues } = await inspected();
  expect(queues).toMatchObject([
    { db: 1, name: "unacked", version: "Celery", states: [{ state: "active", jobs: 1 }] },
    { db: 1, name: "reports", version: "Celery", states: [{ state: "waiting", jobs: 100 }] },
  ]);
  expectNear(sum(queues[1]?.states ?? []), await bytesOf("reports", 1));
});

test("the age of the oldest waiting job is since it became ready, for each library that says when", async () => {
  const now = Date.now();
  const ago = (seconds: number) => now - seconds * 1_000;
  await server.admin(
    ["RPUSH", "bull:a:wait", "2", "1"],
    ["HSET", "bull:a:1", "timestamp", String(ago(900)), "opts", '{"delay":300000}'],
    ["HSET", "bull:a:2", "timestamp", String(ago(500)), "opts", "{}"],
    ["ZADD", "bull:b:prioritized", "1", "1"],
    ["HSET", "bull:b:1", "timestamp", String(ago(900)), "opts", "not JSON", "processedOn", String(ago(40))],
    ["LPUSH", "queue:default", JSON.stringify({ enqueued_at: ago(70) / 1_000 })],
    ["RPUSH", "rq:queue:high", "j1"],
    ["HSET", "rq:job:j1", "enqueued_at", new Date(ago(80)).toISOString()],
    ["RPUSH", "dramatiq:default", "m1"],
    ["HSET", "dramatiq:default.msgs", "m1", JSON.stringify({ message_timestamp: ago(90) })],
    ["RPUSH", "bull:gone:wait", "9"],
  );
  const { queues } = await inspected();
  const ages = queues.map(({ library, name, oldestWaitingSeconds: age }) => [`${library} ${name}`, age]);
  const expected = { "bull a": 600, "bull b": 40, "sidekiq default": 70, "rq high": 80, "dramatiq default": 90 };
  for (const [queue, age] of Object.entries(expected)) {
    const found = Number(Object.fromEntries(ages)[queue]);
    expect([queue, found >= age && found < age + 30]).toEqual([queue, true]);
  }
  expect(Object.fromEntries(ages)["bull gone"]).toBeUndefined();
});

test("full memory is told though PING is answered, and nothing stays behind", async () => {
  await server.admin(["SET", "large", "x".repeat(1_000)], ["CONFIG", "SET", "maxmemory", "1mb"]);
  const { write, memory } = await inspected();
  await server.admin(["CONFIG", "SET", "maxmemory", "256mb"]);
  expect(write).toBe("OOM");
  expect(memory?.limit).toBe(1024 ** 2);
  expect((await inspected()).write).toBe("OK");
  expect(await server.admin(["DBSIZE"])).toEqual([1]);
});

test("names that are no text, and names without end, break nothing", async () => {
  const fill = `for i = 1, 20000 do
      local name = ""
      for _ = 1, 12 do name = name .. string.char(97 + math.random(25)) end
      redis.call("SET", name .. ":x", i)
    end
    redis.call("SET", "\\255\\254:\\0", "x")`;
  await server.admin(["EVAL", fill, "0"]);
  const { keys, groups } = await inspected();
  expect(keys).toEqual({ total: 20_001, seen: 20_001 });
  expect(groups[0]).toMatchObject({ pattern: "(others)" });
  expectNear(sum(groups.slice(0, 1)), ((await bytesOf("")) * 15_000) / 20_000, 0.1);
});

test("what time did not allow to see is counted, and taken for alike", async () => {
  await server.admin(["EVAL", 'for i = 1, 30000 do redis.call("SET", "cart:" .. i, i) end', "0"]);
  const { keys, groups } = await inspected({ withinMs: 1 });
  expect(keys.seen).toBeLessThan(keys.total);
  expect(keys.total).toBe(30_000);
  expectNear(sum(groups), await bytesOf("cart"));
});
