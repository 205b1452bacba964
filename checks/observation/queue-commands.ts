import { randomBytes } from "node:crypto";
import type { RedisAddress } from "../../redis/address.ts";
import type { Connection, ConnectionOptions } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import type { Reply } from "../../redis/resp.ts";
import type { QueueObservation } from "./observation.ts";
import { ask, inSession } from "./session.ts";

const KEYS_LIVE_MS = 30_000;
const BLOCK_SECONDS = 3;

/**
 * Adds a job as the libraries do: in a script, which packs and unpacks it with the two codecs that they use. All keys are
 * made here, even the list that the job moves to, so that each has its time to live from the start.
 */
const ADD = `
local job = cmsgpack.unpack(cmsgpack.pack(cjson.decode(ARGV[1])))
redis.call("HSET", KEYS[1], "id", job.id, "data", cjson.encode(job))
redis.call("RPUSH", KEYS[2], job.id)
redis.call("ZADD", KEYS[3], 1, job.id)
redis.call("XADD", KEYS[4], "MAXLEN", "~", 10, "*", "event", "added")
redis.call("RPUSH", KEYS[5], "first")
for _, key in ipairs(KEYS) do redis.call("PEXPIRE", key, ARGV[2]) end
return job.id`;

/**
 * Takes a job through the commands that Bull and BullMQ are made of: scripts by their hash, hashes, lists and sorted
 * sets that are waited for, streams. For where the libraries themselves are not: inside Render's network.
 */
export async function observeQueueCommands(
  address: RedisAddress,
  options: ConnectionOptions,
): Promise<QueueObservation["commands"]> {
  const prefix = `{render-redis-check:${randomBytes(9).toString("base64url")}}:`;
  const [job, wait, active, delayed, events] = ["job", "wait", "active", "delayed", "events"].map(
    (name) => prefix + name,
  );
  if (!job || !wait || !active || !delayed || !events) throw new RangeError("five names make five keys");
  const steps: readonly (readonly [
    command: string,
    work: (connection: Connection) => Promise<Reply>,
    right: (reply: Reply) => boolean,
  ])[] = [
    ["EVALSHA", (connection) => addByHash(connection, [job, wait, delayed, events, active]), (reply) => reply === "1"],
    ["HGET", (connection) => ask(connection, "HGET", job, "data"), (reply) => String(reply).includes('"id":"1"')],
    [
      "BRPOPLPUSH",
      (connection) => ask(connection, "BRPOPLPUSH", wait, active, String(BLOCK_SECONDS)),
      (reply) => reply === "1",
    ],
    [
      "BZPOPMIN",
      (connection) => ask(connection, "BZPOPMIN", delayed, String(BLOCK_SECONDS)),
      (reply) => Array.isArray(reply) && reply[1] === "1",
    ],
    ["XREAD", (connection) => ask(connection, "XREAD", "COUNT", "1", "STREAMS", events, "0"), Array.isArray],
    ["DEL", (connection) => ask(connection, "DEL", job, wait, active, delayed, events), (reply) => Number(reply) > 0],
  ];
  let command = "AUTH";
  try {
    return await inSession(address, options, async (connection) => {
      for (const [name, work, right] of steps) {
        command = name;
        if (!right(await work(connection))) return { command, failure: "ERR" };
      }
      return { reply: "OK" };
    });
  } catch (error) {
    return { command, failure: RedisFailure.fromSocket(error).kind };
  }
}

async function addByHash(connection: Connection, keys: readonly string[]): Promise<Reply> {
  const hash = await ask(connection, "SCRIPT", "LOAD", ADD);
  return ask(connection, "EVALSHA", String(hash), String(keys.length), ...keys, '{"id":"1"}', String(KEYS_LIVE_MS));
}
