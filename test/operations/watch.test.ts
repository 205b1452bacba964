import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { readEvidence } from "../../operations/evidence.ts";
import type { Message } from "../../operations/messages.ts";
import { prometheusText } from "../../operations/metrics.ts";
import { Messenger } from "../../operations/notify.ts";
import type { Sample } from "../../operations/sample.ts";
import { Instances, Sampler, type SamplerOptions } from "../../operations/sampler.ts";
import { Watched } from "../../operations/watch.ts";
import { RenderClient } from "../../render/api/client.ts";
import { Secrets } from "../../runtime/secrets.ts";
import { type RedisServer, startRedis, USER } from "../checks/support/redis-server.ts";
import { EXPECTED, startTestApi, type TestApi } from "../checks/support/render-api.ts";
import { type Listener, listen } from "../checks/support/sockets.ts";

const PASSWORD = "password-of-the-test";
const MB = 1024 ** 2;

let directory: string;
let redis: RedisServer;
let address: Listener;
let isAway = false;
let api: TestApi;
/** What Render's API answers every call with, when it is away; `undefined` when it is not. */
let outage: number | undefined;
let metrics: Readonly<Record<string, number>>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "watch-"));
  process.chdir(directory);
  redis = await startRedis({ password: PASSWORD });
  // A restart of the server keeps its address.
  address = await listen((socket) => {
    if (isAway) socket.destroy();
    else socket.pipe(connect(redis.port, "127.0.0.1").on("error", () => socket.destroy())).pipe(socket);
  });
  api = await startTestApi({
    get url() {
      return `redis://${USER}:${PASSWORD}@127.0.0.1:${address.port}`;
    },
    answer(request, response) {
      if (outage !== undefined) {
        response.writeHead(outage, { "content-type": "application/json" }).end('{"message":"away"}');
        return true;
      }
      const metric = /\/metrics\/([\w-]+)\?resource=(.*)$/.exec(request.url ?? "")?.[1];
      if (metric === undefined) return false;
      const value = metrics[metric];
      const values = value === undefined ? [] : [{ timestamp: "2026-11-30T22:00:00Z", value }];
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify([{ labels: [], unit: "bytes", values }]));
      return true;
    },
  });
});
afterAll(async () => {
  process.chdir(import.meta.dirname);
  await api.stop();
  await address.stop();
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(() => {
  outage = undefined;
  metrics = {};
});
afterEach(async () => {
  await redis.admin(["FLUSHALL"], ["CONFIG", "SET", "maxmemory", "256mb", "maxmemory-policy", "noeviction"]);
  await redis.admin(["CONFIG", "RESETSTAT"], ["CONFIG", "SET", "maxclients", "10000"], ["REPLICAOF", "NO", "ONE"]);
  rmSync(join(directory, ".evidence"), { recursive: true, force: true });
});

function sampler(differences: Partial<SamplerOptions> = {}): Sampler {
  const client = new RenderClient({ apiKey: "rnd_0123456789", host: api.host, deadlineMs: 1_000 });
  return new Sampler({
    ...{ client, expected: EXPECTED, ownerId: undefined, stackDirectory: "no/such/directory", serviceId: undefined },
    ...{ secrets: new Secrets(), signal: new AbortController().signal, onProgress: () => {} },
    ...{ instances: new Instances(client, undefined), vantage: "external", seconds: 3, oldestJobSeconds: 3_600 },
    ...differences,
  });
}

/** The server has no TLS here. */
const isMeant = ({ check }: { readonly check: string }) => check !== "tls";

/** Watches, and keeps what is told; `arrives` says whether the receivers get it. */
function watched({ once = false, arrives = true, differences = {} as Partial<SamplerOptions> } = {}) {
  const messages: Message[] = [];
  const samples: Sample[] = [];
  const messenger = new Messenger([], new AbortController().signal, () => {});
  vi.spyOn(messenger, "send").mockImplementation(async () => arrives);
  const output = {
    ...{ messenger, onTrouble: () => {}, onMessage: (message: Message) => void messages.push(message) },
    onSample: (sample: Sample) => void samples.push(sample),
  };
  const it = new Watched(sampler(differences), output, once);
  return {
    ...{ messages, samples, told: () => messages.filter(isMeant).map(({ event, check }) => `${event} ${check}`) },
    async look(times = 1) {
      for (let left = times; left > 0; left -= 1) await (await it.look()).told;
      return it.open.map(({ id }) => id).filter((check) => isMeant({ check }));
    },
  };
}

const fill = (key: string, bytes: number) => redis.admin(["SETRANGE", key, String(bytes - 1), "x"]);

/** Each threshold: how a Redis is driven over it and back, and what is told. */
const THRESHOLDS: readonly (readonly [check: string, over: () => Promise<unknown>, back: () => Promise<unknown>])[] = [
  ["memory-headroom", () => fill("big", 210 * MB), () => redis.admin(["DEL", "big"])],
  [
    "eviction-policy",
    () => redis.admin(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]),
    () => redis.admin(["CONFIG", "SET", "maxmemory-policy", "noeviction"]),
  ],
  [
    "memory-limit",
    () => redis.admin(["CONFIG", "SET", "maxmemory", "64mb"]),
    () => redis.admin(["CONFIG", "SET", "maxmemory", "256mb"]),
  ],
  [
    "connections",
    () => redis.admin(["CONFIG", "SET", "maxclients", "1"]),
    // Where the one connection is not closed yet, this one is rejected.
    () =>
      vi.waitFor(async () => {
        expect(await redis.admin(["CONFIG", "SET", "maxclients", "10000"])).toEqual(["OK"]);
      }),
  ],
  ["role", () => redis.admin(["REPLICAOF", "127.0.0.1", "1"]), () => redis.admin(["REPLICAOF", "NO", "ONE"])],
  [
    "oldest-waiting-job",
    () =>
      redis.admin(
        ["LPUSH", "bull:mail:wait", "1"],
        ["HSET", "bull:mail:1", "timestamp", String(Date.now() - 7_200_000)],
      ),
    () => redis.admin(["DEL", "bull:mail:wait"]),
  ],
];

describe("one message when it begins, one when it is over", () => {
  test.each(THRESHOLDS)("%s", async (check, over, back) => {
    if (check === "oldest-waiting-job") await redis.admin(["LPUSH", "bull:mail:wait", "0"]);
    const watch = watched();
    await watch.look(2);
    await over();
    await watch.look(8);
    await back();
    // That clients were rejected is a warning for a day; the alarm is over sooner.
    await watch.look(check === "connections" ? 62 : 8);
    expect(watch.told().filter((text) => text.endsWith(check))).toEqual([`begin ${check}`, `end ${check}`]);
    const [begin, end] = watch.messages.filter((message) => message.check === check);
    expect(begin?.remedy).toMatch(/\w/);
    expect(end?.remedy).toBeUndefined();
    expect(end?.since).toBe(begin?.since);
  });

  test("evictions, until the server counts from 0 again", async () => {
    await redis.admin(["CONFIG", "SET", "maxmemory", "8mb", "maxmemory-policy", "allkeys-lru"]);
    for (let key = 0; key < 12; key += 1) await fill(`key-${key}`, MB);
    const watch = watched();
    await watch.look(5);
    await redis.admin(["FLUSHALL"], ["CONFIG", "RESETSTAT"]);
    await watch.look(6);
    expect(watch.told().filter((text) => text.endsWith("evictions"))).toEqual(["begin evictions", "end evictions"]);
  });

  test("writes are refused while PING answers", async () => {
    await redis.admin(["CONFIG", "SET", "maxmemory", "8mb"]);
    await fill("big", 9 * MB);
    const watch = watched();
    await watch.look(4);
    await redis.admin(["DEL", "big"]);
    await watch.look(6);
    expect(watch.samples.map(({ up }) => up)).toEqual(Array(10).fill(true));
    expect(watch.told()).toEqual(expect.arrayContaining(["begin read-write", "end read-write"]));
    expect(watch.told().filter((text) => /(read-write|ping)/.test(text))).toHaveLength(2);
  });

  test("at 80 % the next plan, its price and the line to change", async () => {
    const watch = watched();
    await fill("big", 210 * MB);
    await watch.look(3);
    const [message] = watch.messages.filter(isMeant);
    expect(message?.remedy).toMatch(
      /^Remove finished jobs .*The next plan is standard \(1 GB, 1000 connections, \$20 a month\)/,
    );
    expect(message?.remedy).toContain('in environments/test.ts change `plan: "starter"` to `plan: "standard"`');
    expect(message).toMatchObject({ environment: "test", instance: { id: USER, name: "test-redis" }, event: "begin" });
  });
});

test("a Redis that is away and comes back is one alarm, and what it filled in by Render is measured", async () => {
  metrics = { memory: 230 * MB, "memory-limit": 256 * MB, "active-connections": 7 };
  const watch = watched({ differences: { seconds: 1 } });
  await watch.look(2);
  isAway = true;
  const open = await watch.look(3);
  expect(open).toEqual(expect.arrayContaining(["ping", "memory-headroom"]));
  const text = prometheusText(watch.samples.slice(-1));
  expect(text).toMatch(/^redis_up\{.*\} 0$/m);
  expect(text).toMatch(new RegExp(`^redis_memory_used_bytes\\{.*\\} ${230 * MB}$`, "m"));
  expect(text).toMatch(/^redis_connected_clients\{.*\} 7$/m);
  const headroom = watch.samples.at(-1)?.results.find(({ id }) => id === "memory-headroom");
  expect(headroom).toMatchObject({ status: "fail", evidence: { source: "Render's metrics" } });
  await redis.stop();
  redis = await startRedis({ password: PASSWORD });
  isAway = false;
  await watch.look(6);
  expect(watch.told().filter((told) => told.endsWith("ping"))).toEqual(["begin ping", "end ping"]);
});

test("an outage of Render's API ends nothing and begins nothing: Redis is looked at as before", async () => {
  const client = new RenderClient({ apiKey: "rnd_0123456789", host: api.host, deadlineMs: 500 });
  const watch = watched({ differences: { client, instances: new Instances(client, undefined, 0) } });
  await watch.look(2);
  outage = 503;
  await vi.waitFor(
    async () => {
      await watch.look();
      expect(watch.samples.at(-1)?.results[0]).toMatchObject({ id: "available", status: "unknown" });
    },
    { timeout: 20_000 },
  );
  await watch.look(3);
  expect(watch.samples.every(({ up }) => up)).toBe(true);
  outage = undefined;
  expect(watch.told()).toEqual([]);
});

test("an API that is away from the beginning is waited for", async () => {
  outage = 503;
  const watch = watched({ differences: { seconds: 1 } });
  await watch.look();
  expect(watch.samples[0]).toMatchObject({ up: undefined, instance: undefined });
  outage = undefined;
  await watch.look();
  expect(watch.samples[1]).toMatchObject({ up: true, instance: { id: USER } });
});

describe("what was told is kept", () => {
  test("over a restart of the watch", async () => {
    await fill("big", 210 * MB);
    const first = watched();
    await first.look(3);
    expect(first.told()).toEqual(["begin memory-headroom"]);
    const second = watched();
    await second.look(5);
    await redis.admin(["DEL", "big"]);
    await second.look(5);
    expect(second.told()).toEqual(["end memory-headroom"]);
    expect(second.messages.find(isMeant)?.since).toBe(first.messages.find(isMeant)?.since);
    const third = watched();
    await third.look(5);
    expect(third.told()).toEqual([]);
  });

  test("from one single look to the next", async () => {
    const run = async () => {
      const watch = watched({ once: true });
      const open = await watch.look();
      return [watch.told(), open];
    };
    expect(await run()).toEqual([[], []]);
    await fill("big", 210 * MB);
    expect(await run()).toEqual([["begin memory-headroom"], ["memory-headroom"]]);
    expect(await run()).toEqual([[], ["memory-headroom"]]);
    // Between the limits it is not over.
    await redis.admin(["DEL", "big"]);
    await fill("big", 195 * MB);
    expect(await run()).toEqual([[], ["memory-headroom"]]);
    await redis.admin(["DEL", "big"]);
    expect(await run()).toEqual([["end memory-headroom"], []]);
  });

  test("only where it arrived: otherwise the next run tells it again", async () => {
    await fill("big", 210 * MB);
    const failing = watched({ once: true, arrives: false });
    await failing.look();
    const next = watched({ once: true });
    await next.look();
    expect(next.told()).toEqual(["begin memory-headroom"]);
    await redis.admin(["DEL", "big"]);
    const notEnded = watched({ once: true, arrives: false });
    await notEnded.look();
    const last = watched({ once: true });
    await last.look();
    expect(last.told()).toEqual(["end memory-headroom"]);
  });

  test("as evidence, and for the owner alone", async () => {
    const watch = watched({ once: true });
    await watch.look();
    const evidence = readEvidence({ environment: "test", operation: "watch", instanceId: USER });
    // TLS is missing here.
    expect(evidence).toMatchObject({ outcome: "failed", facts: { memory: expect.stringContaining("% used") } });
  });
});

test("with an ACL that refuses what an operator may do, all is seen but what it hides", async () => {
  for (const acl of ["~* &* +@all -@admin", "~* &* +@all -@admin -memory -object"]) {
    const strict = await startRedis({ password: PASSWORD, acl });
    onTestFinished(() => strict.stop());
    const render = await startTestApi({ url: `redis://${USER}:${PASSWORD}@127.0.0.1:${strict.port}` });
    onTestFinished(() => render.stop());
    await strict.admin(["LPUSH", "bull:mail:wait", "2", "1"], ["HSET", "bull:mail:1", "timestamp", "1"]);
    await strict.admin(["ZADD", "bull:mail:completed", "1", "3"], ["HSET", "bull:mail:3", "data", "x".repeat(900)]);
    const client = new RenderClient({ apiKey: "rnd_0123456789", host: render.host, deadlineMs: 1_000 });
    const sample = await sampler({ client, instances: new Instances(client, undefined) }).sample();
    expect(sample.queues).toMatchObject([{ queue: "mail", jobs: { waiting: 2, completed: 1 } }]);
    expect(sample.queues[0]?.oldestSeconds).toBeGreaterThan(1e9);
    const text = prometheusText([sample]);
    for (const name of ["redis_commands_total", "redis_memory_used_bytes", "redis_max_clients"])
      expect(text).toContain(`${name}{`);
    const unknown = sample.results.filter(({ status }) => status === "unknown").map(({ id }) => id);
    expect(unknown).toEqual([]);
  }
});

test("samples of a real Redis leave nothing behind", async () => {
  const watch = watched();
  await watch.look(20);
  watch.samples.length = 0;
  const warned = vi.fn();
  process.on("warning", warned);
  onTestFinished(() => void process.off("warning", warned));
  const before = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles().length;
  await watch.look(150);
  expect(warned).not.toHaveBeenCalled();
  const after = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles().length;
  expect(after).toBeLessThanOrEqual(before + 3);
  const [clients] = await redis.admin(["INFO", "clients"]);
  expect(Number(/connected_clients:(\d+)/.exec(String(clients))?.[1])).toBeLessThanOrEqual(3);
});

test("an instance that is deleted is told, and so is the one in its place", async () => {
  const elsewhere = await startTestApi({ url: "redis://127.0.0.1:1", instance: { name: "other" } });
  onTestFinished(() => elsewhere.stop());
  const client = new RenderClient({ apiKey: "rnd_0123456789", host: elsewhere.host, deadlineMs: 1_000 });
  const sample = await sampler({ client, instances: new Instances(client, undefined) }).sample();
  expect(sample.results[0]).toMatchObject({
    id: "available",
    status: "fail",
    evidence: { actual: expect.stringMatching(/no instance "test-redis"/) },
  });
  expect(sample.up).toBeUndefined();
});

test("a server that speaks no Redis, or nothing, is a sample like any other", async () => {
  const odd = createServer((_, response) => response.end("hello"));
  odd.listen(0, "127.0.0.1");
  await once(odd, "listening");
  onTestFinished(() => void odd.close());
  const { port } = odd.address() as AddressInfo;
  const wrong = await startTestApi({ url: `redis://127.0.0.1:${port}` });
  onTestFinished(() => wrong.stop());
  const client = new RenderClient({ apiKey: "rnd_0123456789", host: wrong.host, deadlineMs: 1_000 });
  const sample = await sampler({ client, seconds: 1, instances: new Instances(client, undefined) }).sample();
  expect(sample.results.find(({ id }) => id === "ping")).toMatchObject({ status: "fail" });
});
