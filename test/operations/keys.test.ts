import { afterAll, beforeAll, expect, test } from "vitest";
import { findAllowed } from "../../operations/allowed.ts";
import { databasesOf, PacedConnection, sweep } from "../../operations/keys.ts";
import { parseRedisUrl } from "../../redis/address.ts";
import type { Connection } from "../../redis/connection.ts";
import type { Encoding } from "../../redis/resp.ts";
import { inSession } from "../../redis/session.ts";
import { type RedisServer, startRedis, USER } from "../checks/support/redis-server.ts";

const PASSWORD = "naïve-päßword";
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis({ password: PASSWORD, acl: "~* &* +@all -@admin" });
});
afterAll(() => server.stop());

function inIt<T>(work: (connection: Connection) => Promise<T>, options: { encoding?: Encoding; as?: string } = {}) {
  const { encoding, as = USER } = options;
  const url = `redis://${as}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`;
  return inSession(parseRedisUrl(url), { signal: new AbortController().signal, encoding }, work);
}

async function sweptBy(connection: Connection, share: number): Promise<string[]> {
  const keys: string[] = [];
  const paced = new PacedConnection(connection, share, new AbortController().signal);
  for await (const some of sweep(paced)) keys.push(...some);
  return keys;
}

test("a sweep gives every key, of any bytes, in the time that its share allows", async () => {
  await server.admin(["EVAL", 'for i = 1, 20000 do redis.call("SET", "key:" .. i, i) end', "0"]);
  const bytes = Buffer.from([0, 0xff, 0xc3, 0x28, 0x0d, 0x0a]).toString("latin1");
  const [keys, value] = await inIt(
    async (connection) => {
      await connection.send([["SET", bytes, bytes]]);
      return [await sweptBy(connection, 1), (await connection.send([["GET", bytes]]))[0]] as const;
    },
    { encoding: "latin1" },
  );
  expect(new Set(keys).size).toBe(20_001);
  expect(keys).toContain(bytes);
  expect(value).toBe(bytes);
  const took = async (share: number) => {
    const begun = performance.now();
    await inIt((connection) => sweptBy(connection, share));
    return performance.now() - begun;
  };
  const whole = await took(1);
  expect(await took(0.05)).toBeGreaterThan(3 * whole);
});

test("an operation learns which commands it may run, and changes nothing by asking", async () => {
  await server.admin([
    "ACL",
    "SETUSER",
    "reader",
    "on",
    `>${PASSWORD}`,
    "~*",
    "+@all",
    "-@admin",
    "-memory",
    "-object",
    "-restore",
  ]);
  const names = ["SCAN", "DUMP", "RESTORE", "MEMORY USAGE", "OBJECT IDLETIME", "CLIENT LIST", "CONFIG GET"] as const;
  const [[before], [after]] = [await server.admin(["DBSIZE"]), await server.admin(["DBSIZE"])];
  expect(await inIt((connection) => findAllowed(connection, names))).toEqual({
    SCAN: true,
    DUMP: true,
    RESTORE: true,
    "MEMORY USAGE": true,
    "OBJECT IDLETIME": true,
    "CLIENT LIST": false,
    "CONFIG GET": false,
  });
  expect(await inIt((connection) => findAllowed(connection, names), { as: "reader" })).toMatchObject({
    DUMP: true,
    RESTORE: false,
    "MEMORY USAGE": false,
    "OBJECT IDLETIME": false,
  });
  expect(after).toBe(before);
});

test("databases are found by INFO, and one by one where that is refused", async () => {
  await server.admin(["SELECT", "3"], ["SET", "celery", "1"]);
  await server.admin(["ACL", "SETUSER", "blind", "on", `>${PASSWORD}`, "~*", "+@all", "-info"]);
  const expected = new Map([
    [0, 20_001],
    [3, 1],
  ]);
  expect(await inIt(databasesOf)).toEqual(expected);
  expect(await inIt(databasesOf, { as: "blind" })).toEqual(expected);
});
