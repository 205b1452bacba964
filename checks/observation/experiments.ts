import { createHash } from "node:crypto";
import type { RedisAddress } from "../../redis/address.ts";
import { Connection, type ConnectionOptions } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { ownName } from "../../redis/own-name.ts";
import type { Reply } from "../../redis/resp.ts";
import { ask, inSession } from "../../redis/session.ts";
import type { QueueLibrary } from "../../render/spellings.ts";
import { answer } from "./core.ts";
import { librarySteps, type QueueStep } from "./library-commands.ts";
import type { Answer, Observation, QueueObservation } from "./observation.ts";

/** The answer to PING on a second connection, which does not log in. */
export async function observeStranger(address: RedisAddress, options: ConnectionOptions): Promise<Answer> {
  try {
    const connection = await Connection.open(address, options);
    const [reply = null] = await connection.send([["PING"]]);
    connection.close();
    return answer(reply);
  } catch (error) {
    return { failure: RedisFailure.fromSocket(error).kind };
  }
}

/** Subscribes on one connection, publishes on another, and waits for the message. */
export async function observePubSub(
  address: RedisAddress,
  options: ConnectionOptions,
): Promise<NonNullable<Observation["pubSub"]>> {
  const channel = ownName();
  const message = ownName();
  try {
    return await inSession(address, options, async (subscriber) => {
      await ask(subscriber, "SUBSCRIBE", channel);
      const arriving = subscriber.receive();
      await inSession(address, options, (publisher) => ask(publisher, "PUBLISH", channel, message));
      const arrived = answer(await arriving);
      if ("failure" in arrived) return { delivered: arrived };
      return { delivered: arrived.reply === message ? { reply: "OK" } : { failure: "NOT_REDIS" } };
    });
  } catch (error) {
    return { delivered: { failure: RedisFailure.fromSocket(error).kind } };
  }
}

const KEYS_LIVE_MS = "30000";
const BLOCK_SECONDS = "3";

/**
 * Adds a job as the libraries do: in a script, which packs and unpacks it with the two codecs that they use. All keys are
 * made here, even the list that the job moves to, so that each has its time to live from the start.
 */
const ADD = `local job = cmsgpack.unpack(cmsgpack.pack(cjson.decode(ARGV[1])))
redis.call("HSET", KEYS[1], "id", job.id, "data", cjson.encode(job))
redis.call("RPUSH", KEYS[2], job.id)
redis.call("ZADD", KEYS[3], 1, job.id)
redis.call("XADD", KEYS[4], "MAXLEN", "~", 10, "*", "event", "added")
redis.call("RPUSH", KEYS[5], "first")
for _, key in ipairs(KEYS) do redis.call("PEXPIRE", key, ARGV[2]) end
return job.id`.replaceAll("\n", " ");

/** What is tried for the queues of these libraries: each list is sent at once. */
export function queueSteps(queues: readonly QueueLibrary[]): readonly (readonly QueueStep[])[] {
  const job = queues.some((library) => library === "bull" || library === "bullmq") ? jobSteps() : [];
  return [...job.map((step) => [step]), librarySteps(queues, ownName())].filter(({ length }) => length > 0);
}

/**
 * A job's way through the commands that Bull and BullMQ are made of: scripts by their hash, hashes, lists and sorted
 * sets that are waited for, streams. Inside Render's network the libraries themselves are missing.
 */
function jobSteps(): readonly QueueStep[] {
  const name = ownName();
  const [job, wait, active] = [`${name}:job`, `${name}:wait`, `${name}:active`];
  const [delayed, events] = [`${name}:delayed`, `${name}:events`];
  const keys = [job, wait, delayed, events, active];
  const hash = createHash("sha1").update(ADD).digest("hex");
  return [
    [["SCRIPT", "LOAD", ADD], (reply) => typeof reply === "string"],
    [["EVALSHA", hash, "5", ...keys, '{"id":"1"}', KEYS_LIVE_MS], (reply) => reply === "1"],
    [["HGET", job, "data"], (reply) => String(reply).includes('"id":"1"')],
    [["BRPOPLPUSH", wait, active, BLOCK_SECONDS], (reply) => reply === "1"],
    [["BZPOPMIN", delayed, BLOCK_SECONDS], (reply) => Array.isArray(reply) && reply[1] === "1"],
    [["XREAD", "COUNT", "1", "STREAMS", events, "0"], Array.isArray],
    [["DEL", ...keys], (reply) => Number(reply) > 0],
  ];
}

/** What the first step says that went wrong; `undefined` when none did. */
export function wrongIn(
  steps: readonly QueueStep[],
  replies: readonly Reply[],
): QueueObservation["commands"] | undefined {
  return steps.map((step, index) => wrongAt(step, replies[index] ?? null)).find((wrong) => wrong !== undefined);
}

function wrongAt([[word = ""], right]: QueueStep, reply: Reply): QueueObservation["commands"] | undefined {
  const command = word === "SCRIPT" ? "EVALSHA" : word;
  if (reply instanceof RedisFailure) return { command, failure: reply.kind };
  return right(reply) ? undefined : { command, failure: "ERR" };
}

/** Takes a job through the commands of a queue. */
export async function observeQueueCommands(
  address: RedisAddress,
  options: ConnectionOptions & { readonly queues: readonly QueueLibrary[] },
): Promise<QueueObservation["commands"]> {
  try {
    return await inSession(address, options, async (connection) => {
      for (const steps of queueSteps(options.queues)) {
        const wrong = wrongIn(steps, await connection.send(steps.map(([command]) => command)));
        if (wrong !== undefined) return wrong;
      }
      return { reply: "OK" };
    });
  } catch (error) {
    return { command: "AUTH", failure: RedisFailure.fromSocket(error).kind };
  }
}
