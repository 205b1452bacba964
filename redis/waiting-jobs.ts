import type { RedisAddress } from "./address.ts";
import { RedisFailure } from "./failure.ts";
import { QueueSearch } from "./queue-keys.ts";
import { countJobs } from "./queues.ts";
import { scan } from "./scan.ts";
import { inSession } from "./session.ts";

/** Jobs that wait in a Redis, or are being processed, by queue. */
export type WaitingJobs = Readonly<Record<string, number>>;

/** Keys that one SCAN goes through. */
const SCAN_KEYS = 1_000;
/** SCANs, so that a server whose keys do not end ends it. */
const MOST_SCANS = 10_000;

/**
 * Counts the jobs in the queues of Bull, BullMQ, Celery, RQ, Sidekiq and dramatiq.
 *
 * @throws RedisFailure when there is no connection, or it ends.
 */
export function countWaitingJobs(address: RedisAddress, signal: AbortSignal): Promise<WaitingJobs> {
  return inSession(address, { signal }, async (connection) => {
    const search = new QueueSearch();
    let scans = 0;
    for await (const keys of scan(connection, SCAN_KEYS)) {
      for (const key of keys) search.add(key);
      scans += 1;
      if (scans > MOST_SCANS) throw new RedisFailure("TIMEOUT");
    }
    const found = await search.find(connection);
    const unfinished = found.filter(({ state }) => state !== "completed" && state !== "failed");
    const counts = await countJobs(connection, unfinished);
    const waiting = new Map<string, number>();
    for (const [index, { queue }] of unfinished.entries()) {
      const jobs = counts[index] ?? 0;
      if (jobs > 0) waiting.set(queue, (waiting.get(queue) ?? 0) + jobs);
    }
    return Object.fromEntries(waiting);
  });
}
