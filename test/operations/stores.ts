import { once } from "node:events";
import { connect, createServer } from "node:net";
import { onTestFinished } from "vitest";
import { FOR_VALUES, openStore, type Store } from "../../operations/dumps.ts";
import { parseRedisUrl } from "../../redis/address.ts";
import { Connection, login } from "../../redis/connection.ts";
import { encode, type Reply, RespParser } from "../../redis/resp.ts";
import { assertLoggedIn } from "../../redis/session.ts";
import { type RedisOptions, type RedisServer, startRedis, USER } from "../checks/support/redis-server.ts";

export const PASSWORD = "pass-word-of-the-test";
/** What a user without `@admin` may do; and one who may not look at keys from outside, either. */
export const ACL = { plain: "~* &* +@all -@admin", blind: "~* &* +@all -@admin -memory -object" };

/** A server that tells a digest of all that it holds. */
export async function startServer(options: RedisOptions = {}): Promise<RedisServer> {
  const server = await startRedis({
    password: PASSWORD,
    acl: ACL.plain,
    ...options,
    args: ["--enable-debug-command", "yes", ...(options.args ?? [])],
  });
  onTestFinished(() => server.stop());
  return server;
}

export async function open(port: number, share = 1): Promise<Store> {
  const signal = new AbortController().signal;
  const address = parseRedisUrl(`redis://${USER}:${PASSWORD}@127.0.0.1:${port}`);
  const connection = await Connection.open(address, { ...FOR_VALUES, signal });
  onTestFinished(() => connection.close());
  assertLoggedIn(await connection.send(login(address, "latin1")));
  return openStore(connection, share, signal);
}

/** All bytes, in an order in which a text is not UTF-8. */
export const BINARY = Buffer.from(Array.from({ length: 256 }, (_, index) => 255 - index)).toString("latin1");

/** Values of every type and encoding, in two databases, some of which expire. */
export async function fill({ connection }: Store, keys = 30, members = 6_000): Promise<void> {
  const many = (count: number) => Array.from({ length: count }, (_, index) => String(index));
  const later = String(Date.now() + 3_600_000);
  const commands = [
    ...many(keys).flatMap((index) => [
      ["SET", `text:${index}`, `value ${index}`],
      ["SET", `expires:${index}`, index, "PXAT", String(Number(later) + Number(index))],
    ]),
    ["SET", BINARY, BINARY],
    ["SET", "empty", ""],
    ["SET", "number", "42"],
    ["RPUSH", "list", BINARY, "", "a", "a"],
    ["RPUSH", "long-list", ...many(members)],
    ["SADD", "small-set", "1", "2", "3"],
    ["SADD", "set", ...many(members / 2), BINARY],
    ["HSET", "small-hash", "a", "1", BINARY, ""],
    ["HSET", "hash", ...many(members).map((word) => `field ${word}`)],
    ["ZADD", "zset", ...many(members / 2).flatMap((word) => [String(Number(word) / 7), `member ${word}`])],
    ["ZADD", "small-zset", "-inf", "low", "+inf", BINARY, "1.7976931348623157e308", "high"],
    ["PEXPIREAT", "hash", later],
    ["XADD", "stream", "1-1", "a", "1"],
    ["XADD", "stream", "2-1", BINARY, ""],
    ["XADD", "stream", "3-1", "b", "2"],
    ["XDEL", "stream", "3-1"],
    ["XGROUP", "CREATE", "stream", "readers", "0"],
    ["XGROUP", "CREATECONSUMER", "stream", "readers", "idle"],
    ["XREADGROUP", "GROUP", "readers", "busy", "COUNT", "1", "STREAMS", "stream", ">"],
    ["XGROUP", "CREATE", "empty-stream", "group", "$", "MKSTREAM"],
    ["SELECT", "3"],
    ["SET", "text:1", "of another database"],
    ["SET", "only here", "x"],
    ["SELECT", "0"],
  ];
  for (const reply of await connection.send(commands)) if (reply instanceof Error) throw reply;
}

/** What a server holds, in its own words: its digest of all keys, when they expire, and the state of its streams. */
export async function contentOf({ admin }: RedisServer): Promise<readonly Reply[]> {
  const expiries = `
    local sum, count = 0, 0
    for _, key in ipairs(redis.call("KEYS", "*")) do
      local at = redis.call("PEXPIRETIME", key)
      if at > 0 then sum = sum + at % 1000000007; count = count + 1 end
    end
    return { tostring(sum), count, redis.call("DBSIZE") }`;
  const streams = `
    local found = {}
    for _, key in ipairs({ "stream", "empty-stream" }) do
      if redis.call("EXISTS", key) == 1 then
        local facts = redis.call("XINFO", "STREAM", key)
        for index = 1, #facts, 2 do
          if not facts[index]:find("^radix") then table.insert(found, tostring(facts[index + 1])) end
        end
        for _, group in ipairs(redis.call("XINFO", "GROUPS", key)) do
          for _, fact in ipairs(group) do table.insert(found, tostring(fact)) end
          for _, fact in ipairs(redis.call("XPENDING", key, group[2])) do table.insert(found, type(fact) == "table" and "" or tostring(fact)) end
        end
      end
    end
    return found`;
  const [digest, first, state, , second] = await admin(
    ["DEBUG", "DIGEST"],
    ["EVAL", expiries, "0"],
    ["EVAL", streams.replace(/tostring\((facts\[index \+ 1\])\)/, 'type($1) == "table" and "" or tostring($1)'), "0"],
    ["SELECT", "3"],
    ["EVAL", expiries, "0"],
  );
  return [digest ?? null, first ?? null, state ?? null, second ?? null];
}

/** Something between a client and a server, which lets so many commands through, and then cuts the line without an answer to any. */
export async function cutAfter(port: number, commands: number): Promise<number> {
  let passed = 0;
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const parser = new RespParser("latin1");
    near.on("data", (chunk: Buffer) => {
      for (const command of parser.push(chunk)) {
        passed += 1;
        if (passed > commands) near.destroy();
        else far.write(encode([command as string[]], "latin1"));
      }
    });
    far.pipe(near);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.on("close", () => far.end());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  const address = proxy.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
