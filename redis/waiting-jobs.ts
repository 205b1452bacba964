import type { RedisAddress } from "./address.ts";
import type { Connection } from "./connection.ts";
import { RedisFailure } from "./failure.ts";
import { COUNTS, listIn, type QueueKey, queueKeysAt, textsIn } from "./queue-keys.ts";
import { ask, inSession } from "./session.ts";

/** Jobs that wait in a Redis, or are being processed, by queue. */
export type WaitingJobs = Readonly<Record<string, number>>;

/** Keys that one SCAN goes through. */
const SCAN_KEYS = "1000";
/** SCANs, so that a server whose keys do not end ends it. */
const MOST_SCANS = 10_000;

/**
 * Counts the jobs in the queues of Bull, BullMQ, Celery, RQ, Sidekiq and dramatiq.
 *
 * @throws RedisFailure when there is no connection, or it ends.
 */
export function countWaitingJobs(address: RedisAddress, signal: AbortSignal): Promise<WaitingJobs> {
  return inSession(address, { signal }, async (connection) => {
    // SCAN may give a key more than once.
    const queues = new Map<string, QueueKey>();
    let cursor = "0";
    for (let scans = 0; scans < MOST_SCANS; scans += 1) {
      const [next = "0", keys = null] = listIn(await ask(connection, "SCAN", cursor, "COUNT", SCAN_KEYS));
      for (const key of textsIn(keys))
        for (const queue of (await queueKeysAt(connection, key)).filter(isUnfinished)) queues.set(queue.key, queue);
      cursor = String(next);
      if (cursor === "0") return countAll(connection, [...queues.values()]);
    }
    throw new RedisFailure("TIMEOUT");
  });
}

async function countAll(connection: Connection, queues: readonly QueueKey[]): Promise<WaitingJobs> {
  const waiting = new Map<string, number>();
  for (const { key, queue, type } of queues) {
    // Another kind of value under such a name is no queue.
    if ((await ask(connection, "TYPE", key)) !== type) continue;
    const jobs = Number(await ask(connection, COUNTS[type], key));
    if (jobs > 0) waiting.set(queue, (waiting.get(queue) ?? 0) + jobs);
  }
  return Object.fromEntries(waiting);
}

function isUnfinished({ state }: QueueKey): boolean {
  return state !== "completed" && state !== "failed";
}
