import Bull from "bull";
import { Queue as Queue6, Worker as Worker6 } from "bullmq";
import { Queue as Queue5, Worker as Worker5 } from "bullmq5";
import { expect, onTestFinished, test } from "vitest";
import { type CopyOptions, copy } from "../../operations/copy.ts";
import type { Store } from "../../operations/dumps.ts";
import type { Reply } from "../../redis/resp.ts";
import { type RedisServer, USER } from "../checks/support/redis-server.ts";
import { ACL, contentOf, fill, open, PASSWORD, startServer } from "./stores.ts";

const copied = (from: Store, to: Store, options: Partial<CopyOptions> = {}) => {
  const signal = new AbortController().signal;
  return copy(from, to, { follow: false, onPaused: () => {}, onProgress: () => {}, signal, ...options });
};
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function two(acl: string, args: readonly string[] = []): Promise<[RedisServer, RedisServer, Store, Store]> {
  const [one, other] = await Promise.all([startServer({ acl, args }), startServer({ acl, args })]);
  return [one, other, await open(one.port), await open(other.port)];
}

/** Lets what is sent to a server wait for something, and may answer in its place. */
function holding(
  { paced }: Store,
  onSend: (commands: readonly (readonly string[])[]) => Reply[] | undefined = () => {},
) {
  let held: Promise<unknown> = Promise.resolve();
  const { send } = paced;
  paced.send = async (commands) => {
    const replies = onSend(commands);
    await held;
    if (replies !== undefined) return replies;
    return send.call(paced, commands);
  };
  return (work: Promise<unknown>) => {
    held = work;
  };
}

const LFU = ["--maxmemory-policy", "allkeys-lfu"];

test.each([
  ["by payloads", ACL.plain, [], false],
  ["of what was used since, and at last of all", ACL.plain, [], true],
  ["where sizes and idle times are refused", ACL.blind, [], false],
  ["where the policy tells no idle times", ACL.plain, LFU, false],
  ["by type", `${ACL.plain} -dump -restore`, [], false],
] as const)("a copy %s is followed until both sides are equal", async (_, acl, args, tellsIdleTime) => {
  const [one, other, opened, to] = await two(acl, args);
  // This machine's server may not know CLIENT NO-TOUCH: what it would tell is told here. One use is not, as while it saves.
  const from = tellsIdleTime ? { ...opened, tellsIdleTime } : opened;
  await fill(from);
  let dumps = 0;
  const used = ["text:1", "hash", "moved", "new-stream"];
  const hold = holding(from, (commands) => {
    dumps += commands.filter(([name]) => name === "DUMP" || name === "TYPE").length;
    const asksIdle = tellsIdleTime && commands[0]?.[0] === "OBJECT";
    return asksIdle ? commands.map(([, , key = ""]) => (used.includes(key) ? 0 : 100_000)) : undefined;
  });
  const perSweep: number[] = [];
  const result = await copied(from, to, {
    follow: true,
    onProgress: (text) => {
      if (!text.startsWith("sweep")) return;
      perSweep.push(dumps);
      dumps = 0;
      if (perSweep.length > 1) return;
      const changes = [
        ["SET", "text:1", "changed"],
        ["SADD", "set", "one more"],
        ["DEL", "text:2"],
        ["PERSIST", "hash"],
        ["RENAME", "list", "moved"],
        ["SELECT", "3"],
        ["DEL", "only here"],
        ["XADD", "new-stream", "1-1", "a", "b"],
      ];
      hold(one.admin(...changes));
    },
  });
  expect(Object.fromEntries(result.different)).toEqual({});
  // The set, both keys of the renamed list, the text, the hash's expiry, the new stream, and two that are gone.
  const changes = result.sweeps.map(({ changed }) => changed);
  expect(changes).toEqual(tellsIdleTime ? [75, 7, 1, 0] : [75, 8, 0]);
  if (tellsIdleTime) expect(perSweep[1]).toBeLessThan(10);
  expect(await contentOf(other)).toEqual(await contentOf(one));
});

test.each<[string, (from: Store, to: Store) => Promise<unknown>, RegExp]>([
  ["a target with keys", async (_, to) => to.connection.send([["SET", "a", "1"]]), /not empty: it has 1 keys/],
  [
    "a target of another source",
    async (_, to) => to.connection.send([["SET", "render-redis:copy", "x"]]),
    /another server/,
  ],
])("%s is refused", async (_, prepare, message) => {
  const [, , from, to] = await two(ACL.plain);
  await fill(from, 1, 20);
  await prepare(from, to);
  await expect(copied(from, to)).rejects.toThrow(message);
  await expect(copied(from, { ...to, freeBytes: 10 })).rejects.toThrow(/not empty|another server|0\.0 MB left/);
  await expect(copied(from, from)).rejects.toThrow("the same server");
});

test("a write during the last comparison is told, and the next copy goes on", async () => {
  const [one, , from, to] = await two(ACL.plain);
  await fill(from, 300, 20);
  const queue = new Bull("mail", { redis: { port: one.port, username: USER, password: PASSWORD } });
  onTestFinished(() => queue.close());
  await queue.add({ message: 1 });
  const result = await copied(from, to, {
    follow: true,
    onProgress: (text) => {
      if (text === "comparing")
        void from.connection.send([
          ["SET", "text:1", "late"],
          ["SET", "new", "1"],
          ["DEL", "text:2"],
        ]);
    },
  });
  expect(Object.fromEntries(result.different)).toEqual({
    "text:1": "its value is another",
    "text:2": "only the target has it",
    new: "only the source has it",
  });
  expect(await queue.isPaused()).toBe(false);
  expect((await copied(from, to, { follow: true })).different.size).toBe(0);
  // The source stays paused, and the target runs.
  expect(await from.connection.send([["LLEN", "bull:mail:paused"]])).toEqual([1]);
  expect(
    await to.connection.send([
      ["LLEN", "bull:mail:wait"],
      ["EXISTS", "bull:mail:meta-paused"],
    ]),
  ).toEqual([1, 0]);
});

test("one percent that changes between sweeps is found in three", async () => {
  const [, , from, to] = await two(ACL.plain);
  await from.connection.send([["EVAL", 'for i = 1, 20000 do redis.call("SET", "key:" .. i, i) end', "0"]]);
  const hold = holding(from);
  let sweeps = 0;
  const change = (seed: number) => [
    "EVAL",
    `for i = 1, 200 do redis.call("SET", "key:" .. (i * 97 + ${seed}), "changed ${seed} " .. i) end`,
    "0",
  ];
  const result = await copied(from, to, {
    follow: true,
    onProgress: (text) => {
      if (!text.startsWith("sweep")) return;
      sweeps += 1;
      if (sweeps < 2) hold(from.connection.send([change(sweeps)]));
    },
  });
  expect(result.sweeps.map(({ changed }) => changed)).toEqual([20_000, 200, 0]);
  expect(result.equal).toBe(20_000);
});

/** What is used of the two versions of BullMQ. */
interface BullMq {
  readonly Queue: new (
    name: string,
    options: { connection: object },
  ) => { add(name: string, data: object, options: object): Promise<unknown>; close(): Promise<void> };
  readonly Worker: new (
    name: string,
    process: (job: { data: { id: string } }) => Promise<void>,
    options: { connection: object; concurrency: number },
  ) => { close(): Promise<void> };
}
const BULLMQ: Readonly<Record<string, BullMq>> = {
  "BullMQ 5": { Queue: Queue5, Worker: Worker5 },
  "BullMQ 6": { Queue: Queue6, Worker: Worker6 },
};
type Handle = (id: string) => Promise<void>;

/** One library's queue on a server: to add jobs, and to process them. */
function library(name: string, port: number) {
  const done: (() => Promise<unknown>)[] = [];
  const close = async () => void (await Promise.all(done.splice(0).map((end) => end())));
  onTestFinished(close);
  if (name === "Bull 4") {
    const queue = new Bull<{ id: string }>("mail", { redis: { port, username: USER, password: PASSWORD } });
    done.push(() => queue.close());
    return {
      close,
      add: async (id: string, delay = 0) => void (await queue.add({ id }, { delay, removeOnComplete: true })),
      process: (handle: Handle) => void queue.process(3, (job) => handle(job.data.id)),
    };
  }
  const { Queue, Worker } = BULLMQ[name] ?? { Queue: Queue6, Worker: Worker6 };
  const connection = { host: "127.0.0.1", port, username: USER, password: PASSWORD, maxRetriesPerRequest: null };
  const queue = new Queue("mail", { connection });
  done.push(() => queue.close());
  return {
    close,
    add: async (id: string, delay = 0) => void (await queue.add("send", { id }, { delay, removeOnComplete: true })),
    process: (handle: Handle) => {
      const worker = new Worker("mail", (job: { data: { id: string } }) => handle(job.data.id), {
        connection,
        concurrency: 3,
      });
      done.push(() => worker.close());
    },
  };
}

test.each(["Bull 4", "BullMQ 5", "BullMQ 6"])(
  "a queue of %s under load arrives working: nothing lost, nothing twice",
  async (name) => {
    const [one, other, from, to] = await two(ACL.plain);
    const old = library(name, one.port);
    const sent = new Map<string, number>();
    const times = new Map<string, number>();
    const handle: Handle = async (id) => {
      await pause(5);
      sent.set(id, (sent.get(id) ?? 0) + 1);
      times.set(id, Date.now());
    };
    old.process(handle);
    let added = 0;
    let producing = true;
    const due = Date.now() + 5_000;
    for (let index = 0; index < 5; index += 1) await old.add(`delayed ${index}`, due - Date.now());
    const producer = (async () => {
      while (producing) {
        added += 1;
        await old.add(`job ${added}`);
        await pause(2);
      }
    })();
    await pause(500);
    const result = await copied(from, to, {
      follow: true,
      onPaused: () => {
        producing = false;
      },
    });
    await producer;
    expect(Object.fromEntries(result.different)).toEqual({});
    expect(result.queues).toEqual(["bull:mail"]);
    await pause(300);
    const before = sent.size;
    expect(before).toBeLessThan(added);
    await old.close();
    expect(await to.connection.send([["EVAL", 'return #redis.call("KEYS", "*:lock")', "0"]])).toEqual([0]);
    const target = library(name, other.port);
    target.process(handle);
    await expect.poll(() => sent.size, { timeout: 30_000 }).toBe(added + 5);
    expect([...sent.values()].filter((count) => count !== 1)).toEqual([]);
    for (let index = 0; index < 5; index += 1) {
      expect(times.get(`delayed ${index}`)).toBeGreaterThanOrEqual(due);
      expect(times.get(`delayed ${index}`)).toBeLessThan(due + 20_000);
    }
  },
);
