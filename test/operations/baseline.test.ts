import { afterAll, beforeAll, expect, test } from "vitest";
import { type Baseline, measureBaseline } from "../../operations/baseline.ts";
import { BASELINE_FORMATS, gainOf, rowsOf } from "../../operations/baseline-report.ts";
import { parseRedisUrl } from "../../redis/address.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { type RedisServer, startRedis, USER } from "../checks/support/redis-server.ts";

const TASK = { latencyMs: 100, workers: 10 };
let server: RedisServer;
beforeAll(async () => {
  server = await startRedis({ password: "pw", acl: "~* &* +@all -@admin" });
});
afterAll(() => server.stop());

function measure(signal = new AbortController().signal, as = USER): Promise<Baseline> {
  return measureBaseline(parseRedisUrl(`redis://${as}:pw@127.0.0.1:${server.port}`), TASK, signal);
}

test("a queue takes at least eight times as many messages as a caller that sends them itself, and leaves nothing", async () => {
  const found = await measure();
  expect(gainOf(found)).toBeGreaterThanOrEqual(8);
  expect(found.synchronous.accept.p50).toBeGreaterThanOrEqual(99);
  expect(found.queued.accept.p95).toBeLessThan(found.synchronous.accept.p50);
  expect(found.jobBytes).toBeGreaterThan(300);
  expect(found.jobBytes).toBeLessThan(1_000);
  expect(found.memory).toBe(256 * 1024 ** 2);
  expect(await server.admin(["DBSIZE"])).toEqual([0]);
  const rows = Object.fromEntries(rowsOf({ ...found, latencyMs: 1_000, queued: { ...found.queued, perMinute: 595 } }));
  expect(rows["workers for 500 messages a minute"]).toBe("9");
  const about = { environment: "local", instance: { id: "red-1", name: "queue" }, vantage: "external" };
  expect(BASELINE_FORMATS.table({ ...about, baseline: found })).toMatch(/queued, 10 workers +\d+ \(× \d+\.\d\)/);
  expect(BASELINE_FORMATS.svg({ ...about, baseline: found })).toContain("the goal");
});

test("what is stopped in the middle leaves only keys that expire", async () => {
  const stop = new AbortController();
  const measuring = measure(stop.signal).catch((error: unknown) => error);
  await expect.poll(async () => (await server.admin(["DBSIZE"]))[0], { interval: 5 }).toBeGreaterThan(0);
  stop.abort();
  expect(await measuring).toBeInstanceOf(RedisFailure);
  const lasting =
    'local n = 0 for _, k in ipairs(redis.call("KEYS", "*")) do if redis.call("PTTL", k) < 0 then n = n + 1 end end return n';
  expect(await server.admin(["EVAL", lasting, "0"])).toEqual([0]);
});

test("it measures without MEMORY, too, and does not touch a memory that is nearly full", async () => {
  await server.admin(
    ["FLUSHALL"],
    ["ACL", "SETUSER", "small", "on", ">pw", "~*", "+@all", "-@admin", "-memory", "-info"],
  );
  const found = await measure(undefined, "small");
  expect([found.jobBytes, found.memory, found.single > 0]).toEqual([undefined, undefined, true]);
  await server.admin(["CONFIG", "SET", "maxmemory", "5mb"]);
  await expect(measure()).rejects.toMatchObject({ kind: "OOM" });
  expect(await server.admin(["DBSIZE"])).toEqual([0]);
});
