import { afterAll, beforeAll, expect, test } from "vitest";
import { Clients } from "../../../checks/queue/clients.ts";
import { outcomeOf } from "../../../checks/queue/libraries.ts";
import { parseRedisUrl } from "../../../redis/address.ts";
import { RedisFailure } from "../../../redis/failure.ts";
import { type RedisServer, startRedis, USER } from "../support/redis-server.ts";

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
  expect(new Clients(parseRedisUrl(url)).classify(error).kind).toBe(kind);
});
