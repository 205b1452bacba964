import { describe, expect, onTestFinished, test } from "vitest";
import { answer, observeCore } from "../../../checks/observation/core.ts";
import { observePubSub, observeQueueCommands, observeStranger } from "../../../checks/observation/experiments.ts";
import { proveEviction } from "../../../checks/observation/filling.ts";
import { observe } from "../../../checks/observation/observe.ts";
import { observation } from "../../../checks/program.ts";
import { parseRedisUrl } from "../../../redis/address.ts";
import { RedisFailure } from "../../../redis/failure.ts";
import { answering, type Listener, listen } from "../support/sockets.ts";

/** The replies to the commands of a queue as a Redis gives them, and one that is wrong. */
const STEPS = [
  ["EVALSHA", "$4\r\nhash\r\n$1\r\n1\r\n", "$4\r\nhash\r\n$1\r\n2\r\n"],
  ["HGET", '$10\r\n{"id":"1"}\r\n', '$10\r\n{"id":"2"}\r\n'],
  ["BRPOPLPUSH", "$1\r\n1\r\n", "$-1\r\n"],
  ["BZPOPMIN", "*3\r\n$1\r\nk\r\n$1\r\n1\r\n$1\r\n1\r\n", "*3\r\n$1\r\nk\r\n$1\r\n2\r\n$1\r\n1\r\n"],
  ["XREAD", "*1\r\n$1\r\nx\r\n", "$-1\r\n"],
  ["DEL", ":5\r\n", ":0\r\n"],
] as const;

const options = () => ({ signal: new AbortController().signal, patienceMs: 200 });

async function address(listening: Promise<Listener>) {
  const { port, stop } = await listening;
  onTestFinished(stop);
  return parseRedisUrl(`redis://localhost:${port}`);
}

/** A Redis that answers each command in turn. */
const scripted = (replies: readonly string[]) => {
  const all = replies.flatMap((reply) => reply.split(/(?<=^\$4\r\nhash\r\n)/));
  return listen((socket) => {
    const left = [...all];
    socket.on("data", () => socket.write(left.shift() ?? ""));
  });
};

test("a job passes through every command of the libraries", async () => {
  const server = scripted(STEPS.map(([, right]) => right));
  expect(await observeQueueCommands(await address(server), { ...options(), queues: ["bull"] })).toEqual({
    reply: "OK",
  });
});

test.each(STEPS.map(([command], index) => [command, index] as const))("%s may answer wrongly", async (command, at) => {
  const server = scripted(STEPS.map(([, right, wrong], index) => (index === at ? wrong : right)));
  expect(await observeQueueCommands(await address(server), { ...options(), queues: ["bull"] })).toEqual({
    command,
    failure: "ERR",
  });
});

test.each([
  ["AUTH", "-NOAUTH no\r\n", "NOAUTH"],
  ["EVALSHA", "-NOPERM no\r\n", "NOPERM"],
])("%s may be refused", async (command, reply, failure) => {
  const where = await address(answering(reply));
  const login = command === "AUTH" ? { ...where, password: "p" } : where;
  expect(await observeQueueCommands(login, { ...options(), queues: ["bull"] })).toEqual({ command, failure });
});

test("another message than the one that was published, or none, is no delivery", async () => {
  const subscribed = "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
  const other = await address(answering(`${subscribed}*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n`));
  expect(await observePubSub(other, options())).toEqual({ delivered: { failure: "NOT_REDIS" } });
  const none = await address(answering(subscribed));
  expect(await observePubSub(none, options())).toEqual({ delivered: { failure: "TIMEOUT" } });
});

test("a stranger is told what it is told", async () => {
  expect(await observeStranger(await address(answering("+PONG\r\n")), options())).toEqual({ reply: "PONG" });
  expect(await observeStranger(await address(answering("-NOAUTH no\r\n")), options())).toEqual({ failure: "NOAUTH" });
  expect(await observeStranger(parseRedisUrl("redis://localhost:1"), options())).toEqual({ failure: "REFUSED" });
});

test("the last failure is reported, not the end of the time", async () => {
  let connections = 0;
  const stopped = new AbortController();
  const once = await address(
    listen((socket) => {
      connections += 1;
      if (connections === 1) socket.destroy();
      else setTimeout(() => stopped.abort(), 50);
    }),
  );
  const seen: string[] = [];
  const observing = observe(`redis://localhost:${once.port}`, {
    ...{ signal: stopped.signal, connectWithinMs: 5_000, experiments: [], queues: [] },
    onRetry: ({ kind }) => seen.push(kind),
  });
  await expect(observing).rejects.toMatchObject({ kind: "CLOSED" });
  expect({ connections, seen }).toEqual({ connections: 2, seen: ["CLOSED"] });
});

describe("the core", () => {
  /** What a Redis answers to the core's one write: PING, INFO, CONFIG GET, SET, GET, PTTL, DEL. */
  const core = (ping: string) =>
    answering(`${ping}$7\r\nrole:x\n\r\n*2\r\n+name\r\n+noeviction\r\n+OK\r\n$-1\r\n:9\r\n:1\r\n`);

  test.each([
    ["+PONG\r\n", { reply: "PONG" }],
    ["-NOPERM no\r\n", { failure: "NOPERM" }],
    ["-LOADING soon\r\n", { failure: "LOADING" }],
  ])("is what was answered, also when PING is answered with %j", async (ping, answered) => {
    expect(await observeCore(await address(core(ping)), options())).toEqual({
      ping: answered,
      latenciesMs: [],
      info: { reply: "role:x\n" },
      configuredPolicy: { reply: "noeviction" },
      write: {
        value: expect.any(String),
        set: { reply: "OK" },
        get: { reply: null },
        ttl: { reply: 9 },
        deleted: { reply: 1 },
      },
    });
  });

  test.each([
    ["-NOAUTH no\r\n", "NOAUTH"],
    ["-ERR max number of clients reached\r\n", "MAX_CLIENTS"],
    ["-DENIED no\r\n", "DENIED"],
    ["-MASTERDOWN no\r\n", "MASTERDOWN"],
    ["-ERR Client IP address is not in the allowlist.\r\n", "NOT_ALLOWED"],
    ["HTTP/1.1 400\r\n", "NOT_REDIS"],
  ])("is nothing when PING is answered with %j", async (ping, kind) => {
    await expect(observeCore(await address(core(ping)), options())).rejects.toMatchObject({ kind });
  });

  test("a reply is plain data: of a list the last item", () => {
    const failure = new RedisFailure("OOM");
    expect(["a", 1, null, [], ["a", ["b", "c"]], failure, ["a", failure]].map(answer)).toEqual([
      ...[{ reply: "a" }, { reply: 1 }, { reply: null }, { reply: null }, { reply: "c" }],
      ...[{ failure: "OOM" }, { failure: "OOM" }],
    ]);
  });
});

test("the libraries meet a server only when this project's own parser has accepted all that it said", async () => {
  const core = `+PONG\r\n$7\r\nrole:x\n\r\n-NOPERM no\r\n+OK\r\n$-1\r\n:9\r\n:1\r\n`;
  const commands: string[] = [];
  const { port, stop } = await listen((socket) => {
    socket.on("data", (chunk) => {
      commands.push(chunk.toString());
      if (chunk.includes("CONFIG")) socket.write(core);
      else if (chunk.includes("SCRIPT")) socket.write(`${"*1\r\n".repeat(100)}:1\r\n`);
      else socket.write("+PONG\r\n");
    });
  });
  onTestFinished(stop);
  const { signal } = new AbortController();
  const seen = await observation(["queue"], ["bull"]).here(`redis://localhost:${port}`, {
    ...{ signal, connectWithinMs: 5_000, onProgress: () => {} },
  });
  expect(seen.queue).toEqual({ commands: { command: "EVALSHA", failure: "NOT_REDIS" } });
  // Bull's clients begin with another INFO.
  expect(commands.filter((text) => /\binfo\b/.test(text))).toEqual([]);
});

test("the memory is filled to its limit, and what is counted is what grew, what stayed and what was evicted", async () => {
  const before =
    "connected_clients:1\nmaxmemory:2097152\nused_memory:1048576\nmem_not_counted_for_evict:524288\nevicted_keys:3\n";
  const stats = "evicted_keys:5\n";
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  // Three keys, of which the third does not grow and the second is gone; the canary; what is left; the count.
  const filled = `${"+OK\r\n:1048576\r\n".repeat(2)}+OK\r\n-OOM full\r\n-OOM full\r\n:1\r\n:0\r\n:1\r\n${bulk(stats)}:3\r\n`;
  const server = scripted([bulk(before), filled]);
  expect(await proveEviction(await address(server), options())).toEqual({
    ...{ canary: { failure: "OOM" }, created: 3, grown: 2, alive: 2, evicted: 2 },
  });
});

describe("while the memory is filled", () => {
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  const info = (differences: Readonly<Record<string, string | number>>) =>
    bulk(
      Object.entries({
        ...{ connected_clients: 1, maxmemory: 40 * 1024 ** 2, used_memory: 1024 ** 2, evicted_keys: 0 },
        ...{ total_connections_received: 7, ...differences },
      })
        .map(([name, value]) => `${name}:${value}\n`)
        .join(""),
    );
  const step = "+OK\r\n:1048576\r\n".repeat(16);

  test.each([
    ["another client comes, or has come and left", { db0: "keys=32,expires=32", total_connections_received: 8 }],
    ["there is a key more", { db0: "keys=33,expires=32" }],
    ["another database is used", { db0: "keys=32,expires=32", db1: "keys=1,expires=0" }],
  ])("%s: it is emptied at once", async (_, differences) => {
    const sent: string[] = [];
    const replies = [info({}), step + info({ db0: "keys=16,expires=16" }), step + info(differences), ":32\r\n"];
    const { port, stop } = await listen((socket) => {
      socket.on("data", (chunk) => {
        sent.push(chunk.toString());
        socket.write(replies[sent.length - 1] ?? "");
      });
    });
    onTestFinished(stop);
    const proof = await proveEviction(parseRedisUrl(`redis://localhost:${port}`), options());
    expect(proof).toEqual({ refused: "another client came while it was filled" });
    expect(sent).toHaveLength(4);
    expect(sent[3]?.match(/render-redis-check/g)).toHaveLength(32);
    expect(sent[3]).toContain("DEL");
  });

  test("a key that is evicted early is proof enough: no more is written", async () => {
    const full = "-OOM full\r\n";
    const server = scripted([
      info({}),
      step + info({ db0: "keys=10,expires=10", evicted_keys: 6 }),
      `${full}${":1\r\n".repeat(10)}${":0\r\n".repeat(6)}${bulk("evicted_keys:6\n")}:10\r\n`,
    ]);
    expect(await proveEviction(await address(server), options())).toEqual({
      ...{ canary: { failure: "OOM" }, created: 16, grown: 16, alive: 10, evicted: 6 },
    });
  });
});
