import { listIn, type QueueKey } from "../redis/queue-keys.ts";
import { countJobs } from "../redis/queues.ts";
import { ask } from "../redis/session.ts";
import type { Store } from "./dumps.ts";

/** A queue of Bull or BullMQ that is paused for a copy, as its library does it. */
export interface PausedQueue {
  readonly db: number;
  readonly base: string;
  readonly isBullMq: boolean;
  /** Whether the library moves what waits to another list meanwhile: Bull, and BullMQ up to 5. */
  readonly moves: boolean;
}

/**
 * What a library's `pause` and `resume` do, in one step. Where both lists exist, what was in the first is processed first: their
 * own would replace the other list, and lose its jobs.
 */
const SCRIPT = `
local base, pausing, isBullMq, moves = ARGV[1], ARGV[2] == "1", ARGV[3] == "1", ARGV[4] == "1"
local from, to = base .. ":wait", base .. ":paused"
if not pausing then from, to = to, from end
if moves or not pausing then
  if redis.call("EXISTS", from) == 1 and redis.call("RENAMENX", from, to) == 0 then
    while redis.call("EXISTS", from) == 1 do redis.call("RPUSH", to, redis.call("LPOP", from)) end
  end
end
if pausing then
  redis.call("HSET", base .. ":meta", "paused", 1)
  if isBullMq then redis.call("DEL", base .. ":marker") else redis.call("SET", base .. ":meta-paused", 1) end
else
  redis.call("HDEL", base .. ":meta", "paused")
  if not isBullMq then redis.call("DEL", base .. ":meta-paused")
  elseif redis.call("EXISTS", to) == 1 or redis.call("EXISTS", base .. ":prioritized") == 1 then
    redis.call("ZADD", base .. ":marker", 0, "0")
  end
end
if not isBullMq then redis.call("PUBLISH", base .. ":paused", pausing and "paused" or "resumed") end
return 1`;

/**
 * Pauses the queues of Bull and BullMQ that run. Their workers finish what they have begun.
 *
 * @returns Those that were paused by this: one that somebody has paused before is left alone.
 */
export async function pauseQueues(store: Store, db: number, keys: readonly QueueKey[]): Promise<PausedQueue[]> {
  const paused: PausedQueue[] = [];
  for (const base of new Set(keys.filter(({ library }) => library === "bull").map(({ base }) => base))) {
    const meta = await ask(store.connection, "HMGET", `${base}:meta`, "paused", "version", "opts.maxLenEvents");
    const [mark, version, events] = listIn(meta);
    if (mark !== null || (await ask(store.connection, "EXISTS", `${base}:meta-paused`)) === 1) continue;
    const isBullMq = typeof version === "string" || typeof events === "string";
    const major = Number(/^[a-z-]+:(\d+)\./.exec(String(version))?.[1] ?? 0);
    const queue = { db, base, isBullMq, moves: major < 6 };
    await switchQueue(store, queue, true);
    paused.push(queue);
  }
  return paused;
}

/** Lets queues run again, on either side of a copy. The connection is in the first database afterwards. */
export async function resumeQueues(store: Store, queues: readonly PausedQueue[]): Promise<void> {
  for (const queue of queues) {
    await ask(store.connection, "SELECT", String(queue.db));
    await switchQueue(store, queue, false);
  }
  await ask(store.connection, "SELECT", "0");
}

async function switchQueue(
  { connection }: Store,
  { base, isBullMq, moves }: PausedQueue,
  paused: boolean,
): Promise<void> {
  const flags = [paused, isBullMq, moves].map((flag) => (flag ? "1" : "0"));
  await ask(connection, "EVAL", SCRIPT, "0", base, ...flags);
}

/** How many jobs are being processed. */
export async function activeJobs({ paced }: Store, keys: readonly QueueKey[]): Promise<number> {
  const active = keys.filter(({ state }) => state === "active");
  return (await countJobs(paced, active)).reduce((sum, count) => sum + count, 0);
}
