import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { proveEviction } from "../../../checks/observation/filling.ts";
import { observe } from "../../../checks/observation/observe.ts";
import { parseRedisUrl } from "../../../redis/address.ts";
import { EVICTION_POLICIES, redisSpelling } from "../../../render/spellings.ts";
import { type RedisServer, startRedis, USER } from "../support/redis-server.ts";
import { holding, proxy } from "../support/sockets.ts";

const PASSWORD = "of these tests";

let server: RedisServer;
let url: string;

beforeAll(async () => {
  server = await startRedis({ password: PASSWORD });
  url = `redis://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`;
});

afterAll(() => server.stop());

beforeEach(async () => {
  await server.admin(["FLUSHALL"], ["CONFIG", "SET", "maxmemory", "10mb"], ["CONFIG", "RESETSTAT"]);
});

const soon = () => ({ signal: AbortSignal.timeout(10_000) });

async function keys(): Promise<unknown> {
  const [size] = await server.admin(["DBSIZE"]);
  return size;
}

describe("whatever is tried leaves nothing behind", () => {
  test("the core, pub-sub, the queue's commands, the proof", async () => {
    const seen = await observe(url, {
      ...soon(),
      connectWithinMs: 1_000,
      experiments: ["stranger", "pubSub", "queue", "proof"],
    });
    expect(seen).toMatchObject({
      core: { ping: { reply: "PONG" }, write: { set: { reply: "OK" }, deleted: { reply: 1 } } },
      stranger: { failure: "NOAUTH" },
      pubSub: { delivered: { reply: "OK" } },
      queue: { commands: { reply: "OK" } },
      proof: { canary: { failure: "OOM" }, evicted: 0 },
    });
    expect(await keys()).toBe(0);
  });

  test("even when the process dies in the middle, for what was written has little time to live", async () => {
    await server.admin(["ACL", "SETUSER", USER, "-del"]);
    onTestFinished(async () => {
      await server.admin(["ACL", "SETUSER", USER, "+del"]);
    });
    await observe(url, { ...soon(), connectWithinMs: 1_000, experiments: ["queue"] });
    const [all] = await server.admin(["KEYS", "*"]);
    expect(all).toHaveLength(4);
    const times = await server.admin(...(all as string[]).map((key) => ["PTTL", key]));
    for (const time of times) {
      expect(time).toBeGreaterThan(0);
      expect(time).toBeLessThanOrEqual(30_000);
    }
  });
});

describe("the eviction proof", () => {
  test.each(EVICTION_POLICIES)("tells the truth about %s", async (policy) => {
    const evicting = await startRedis({ args: ["--maxmemory", "10mb", "--maxmemory-policy", redisSpelling(policy)] });
    onTestFinished(() => evicting.stop());
    const proof = await proveEviction(parseRedisUrl(`redis://127.0.0.1:${evicting.port}`), soon());
    if (policy === "noeviction") {
      expect(proof).toMatchObject({ canary: { failure: "OOM" }, evicted: 0 });
    } else {
      expect("evicted" in proof && proof.evicted).toBeGreaterThan(0);
    }
  });

  test("a client that comes meanwhile is never refused a write, and ends it", async () => {
    await server.admin(["CONFIG", "SET", "maxmemory", "200mb"]);
    const jobs = Array.from({ length: 50 }, (_, index) => ["SET", `job:${index}`, "waits"]);
    let replies: Promise<unknown[]> | undefined;
    const { port, stop } = await proxy(server.port, (chunk, client) => {
      if (replies === undefined && chunk.includes(":1048320")) replies = server.admin(...jobs);
      // The next step begins when the client has been there.
      void Promise.resolve(replies).then(() => client.write(chunk));
    });
    onTestFinished(stop);
    const proof = await proveEviction({ ...parseRedisUrl(url), port }, soon());
    expect(proof).toEqual({ refused: "another client came while it was filled" });
    expect(new Set(await replies)).toEqual(new Set(["OK"]));
    expect(await keys()).toBe(50);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ["something is stored", () => server.admin(["SET", "a", "job"]), "not empty"],
    ["it has no limit", () => server.admin(["CONFIG", "SET", "maxmemory", "0"]), "no memory limit"],
    ["it is large", () => server.admin(["CONFIG", "SET", "maxmemory", "513mb"]), "larger than 512 MB"],
    [
      "somebody else is there",
      async () => {
        const { stop } = await holding(server.port);
        onTestFinished(stop);
      },
      "other clients",
    ],
  ])("is refused when %s", async (_, prepare, reason) => {
    await prepare();
    expect(await proveEviction(parseRedisUrl(url), soon())).toEqual({ refused: expect.stringContaining(reason) });
  });
});
