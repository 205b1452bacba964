import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { memoryHeadroom } from "../../../checks/catalogue/server.ts";
import { observeQueueCommands } from "../../../checks/observation/experiments.ts";
import { proveEviction } from "../../../checks/observation/filling.ts";
import { observe } from "../../../checks/observation/observe.ts";
import { observation } from "../../../checks/program.ts";
import { parseRedisUrl } from "../../../redis/address.ts";
import { EVICTION_POLICIES, QUEUE_LIBRARIES, redisSpelling } from "../../../render/spellings.ts";
import { situation } from "../support/judge.ts";
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

const soon = () => ({ signal: AbortSignal.timeout(10_000), queues: QUEUE_LIBRARIES });

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

test.each([
  ["all libraries, as Render lets its users", QUEUE_LIBRARIES, ["+@all", "-@admin"], { reply: "OK" }],
  ["dramatiq, where KEYS is refused", ["dramatiq"], ["+@all", "-@dangerous"], { command: "KEYS", failure: "NOPERM" }],
  ["celery, which needs none of that", ["celery"], ["+@all", "-@dangerous"], { reply: "OK" }],
  ["rq, where streams are refused", ["celery", "rq"], ["+@all", "-@stream"], { command: "XADD", failure: "NOPERM" }],
  ["sidekiq, where scripts are refused", ["sidekiq"], ["+@all", "-evalsha"], { command: "EVALSHA", failure: "NOPERM" }],
  ["nothing", [], ["+@all", "-multi"], { reply: "OK" }],
] as const)("what the libraries send is asked for, and not done: %s", async (_, queues, rights, commands) => {
  const ours = ["~*", "&*"];
  await server.admin(["ACL", "SETUSER", USER, ...rights]);
  onTestFinished(async () => {
    await server.admin(["ACL", "SETUSER", USER, ...ours, "+@all", "-config"]);
  });
  expect(await observeQueueCommands(parseRedisUrl(url), { ...soon(), queues })).toEqual(commands);
  expect(await keys()).toBe(0);
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

describe("what takes a memory that is nearly full", () => {
  /** Jobs that Bull would have kept: their hashes, and their ids in the key of a state. */
  const KEEP = `
    for id = 1, tonumber(ARGV[1]) do
      redis.call("HSET", "bull:mail:" .. id, "name", "send", "data", string.rep("x", 400))
      redis.call("ZADD", "bull:mail:completed", id, id)
    end`;

  async function lookedAt(jobs: string) {
    await server.admin(["EVAL", KEEP, "0", jobs]);
    const { here } = observation([]);
    const seen = await here(url, { ...soon(), connectWithinMs: 1_000, onProgress: () => {} });
    const look = { vantage: "external", passedOver: [], seen } as const;
    return { jobs: seen.jobs, result: memoryHeadroom.run(situation({ look })) };
  }

  test("is told by queue, state and setting, as inspect tells it", async () => {
    const { jobs, result } = await lookedAt("14000");
    expect(jobs).toMatchObject([{ queue: "mail", version: "Bull", state: "completed", jobs: 14_000 }]);
    expect(result).toMatchObject({
      status: "fail",
      remedy: expect.stringMatching(
        /^Queue mail \(Bull\) keeps 14,000 completed jobs, [\d.]+ MB\. `removeOnComplete: \{ count: 1000 \}` frees [\d.]+ MB/,
      ),
    });
  });

  test("is not looked for while there is room", async () => {
    const { jobs, result } = await lookedAt("100");
    expect([jobs, result.status]).toEqual([undefined, "pass"]);
  });
});
