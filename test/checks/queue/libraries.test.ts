import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildWorker } from "../../../checks/queue/build-worker.ts";
import { Clients } from "../../../checks/queue/clients.ts";
import { outcomeOf } from "../../../checks/queue/libraries.ts";
import { TrialThread } from "../../../checks/queue/trial-thread.ts";
import { parseRedisUrl } from "../../../redis/address.ts";
import { RedisFailure } from "../../../redis/failure.ts";
import { type RedisServer, startRedis, USER } from "../support/redis-server.ts";
import { proxy } from "../support/sockets.ts";

let server: RedisServer;
let url: string;

beforeAll(async () => {
  server = await startRedis({ password: "of these tests" });
  url = `redis://${USER}:of%20these%20tests@127.0.0.1:${server.port}`;
});

afterAll(() => server.stop());

const LIBRARIES = ["Bull", "BullMQ"] as const;

test.each(LIBRARIES)("%s takes a job through, and leaves neither a key nor a client behind", async (library) => {
  expect(await outcomeOf(library, parseRedisUrl(url))).toEqual({ reply: "OK" });
  expect(await server.admin(["DBSIZE"])).toEqual([0]);
  const clients = async () => {
    const [list] = await server.admin(["CLIENT", "LIST"]);
    return String(list).trim().split("\n").length;
  };
  await expect.poll(clients).toBe(1);
});

const named = (name: string, message: string) => Object.assign(new Error(message), { name });

test.each([
  [named("ReplyError", "OOM command not allowed"), "OOM"],
  [named("Error", "OOM by chance"), "ERR"],
  [named("ReplyError", "no code"), "ERR"],
  [Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "REFUSED"],
  [new RedisFailure("TIMEOUT"), "TIMEOUT"],
  [new Error("Connection is closed."), "CLOSED"],
  ["something else", "ERR"],
])("%s stands for %s", (error, kind) => {
  expect(new Clients(parseRedisUrl(url), "bull:q").classify(error).kind).toBe(kind);
});

test.each(LIBRARIES)("a trial of %s that is killed at any moment leaves nothing that stays", async (library) => {
  // As in the product: the libraries leave errors uncaught, which a thread of their own keeps to itself.
  const program = await buildWorker();
  let thread = new TrialThread(program);
  let leftBehind = 0;
  for (let most = 1, outcome: unknown; !isDeepStrictEqual(outcome, { reply: "OK" }); most += 1) {
    let sent = 0;
    const { port, stop } = await proxy(
      server.port,
      (chunk, client) => client.write(chunk),
      (chunk, to) => {
        sent += 1;
        // From one moment on nothing comes any more.
        if (sent <= most) to.write(chunk);
        else to.destroy();
      },
    );
    outcome = await thread.outcomeOf(library, { ...parseRedisUrl(url), port }, AbortSignal.timeout(3_000));
    if (!thread.usable) thread = new TrialThread(program);
    await stop();
    const [keys] = await server.admin(["KEYS", "*"]);
    const all = z.array(z.string()).parse(keys);
    leftBehind += all.length;
    const times = await server.admin(...all.map((key) => ["PTTL", key]));
    const staying = all.filter((_, index) => !(Number(times[index]) > 0));
    expect({ most, staying }).toEqual({ most, staying: [] });
    await server.admin(["FLUSHALL"]);
  }
  expect(leftBehind).toBeGreaterThan(5);
});
