import type { RedisAddress } from "./address.ts";
import type { Connection } from "./connection.ts";
import { RedisFailure } from "./failure.ts";
import type { Reply } from "./resp.ts";
import { ask, inSession } from "./session.ts";

/** Jobs that wait in a Redis, or are being processed, by queue. */
export type WaitingJobs = Readonly<Record<string, number>>;

/** Keys that one SCAN goes through. */
const SCAN_KEYS = "1000";
/** SCANs, so that a server whose keys do not end ends it. */
const MOST_SCANS = 10_000;

/** Where the libraries keep jobs: the key, with the queue's name in it, its type, and the command that counts them. */
const KEPT: readonly (readonly [key: RegExp, type: string, count: string])[] = [
  // Bull and BullMQ.
  [/^[^:]+:(.+):(?:wait|active|paused)$/, "list", "LLEN"],
  [/^[^:]+:(.+):(?:delayed|prioritized|waiting-children)$/, "zset", "ZCARD"],
  // RQ, Sidekiq and dramatiq, and what Celery's workers have not confirmed.
  [/^(?:rq:)?queue:(.+)$/, "list", "LLEN"],
  [/^dramatiq:([^.]+(?:\.DQ)?)$/, "list", "LLEN"],
  [/^(unacked)$/, "hash", "HLEN"],
];
/** Celery lists its queues here; the jobs of one are in a list of the queue's name. */
const CELERY = /^_kombu\.binding\./;
const CELERY_SEPARATOR = "\u0006\u0016";

/**
 * Counts the jobs in the queues of Bull, BullMQ, Celery, RQ, Sidekiq and dramatiq.
 *
 * @throws RedisFailure when there is no connection, or it ends.
 */
export function countWaitingJobs(address: RedisAddress, signal: AbortSignal): Promise<WaitingJobs> {
  return inSession(address, { signal }, async (connection) => {
    // SCAN may give a key more than once.
    const queues = new Map<string, Queue>();
    let cursor = "0";
    for (let scans = 0; scans < MOST_SCANS; scans += 1) {
      const [next = "0", keys = null] = listIn(await ask(connection, "SCAN", cursor, "COUNT", SCAN_KEYS));
      for (const key of textsIn(keys))
        for (const queue of await queuesAt(connection, key)) queues.set(queue.key, queue);
      cursor = String(next);
      if (cursor === "0") return countAll(connection, [...queues.values()]);
    }
    throw new RedisFailure("TIMEOUT");
  });
}

interface Queue {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly count: string;
}

async function queuesAt(connection: Connection, key: string): Promise<Queue[]> {
  if (CELERY.test(key)) {
    const bindings = textsIn(await ask(connection, "SMEMBERS", key));
    const names = bindings.map((binding) => binding.split(CELERY_SEPARATOR).at(-1) ?? "");
    return names.map((name) => ({ key: name, name, type: "list", count: "LLEN" }));
  }
  return KEPT.flatMap(([form, type, count]) => {
    const name = form.exec(key)?.[1];
    return name === undefined ? [] : [{ key, name, type, count }];
  });
}

async function countAll(connection: Connection, queues: readonly Queue[]): Promise<WaitingJobs> {
  const waiting = new Map<string, number>();
  for (const { key, name, type, count } of queues) {
    // Another kind of value under such a name is no queue.
    if ((await ask(connection, "TYPE", key)) !== type) continue;
    const jobs = Number(await ask(connection, count, key));
    if (jobs > 0) waiting.set(name, (waiting.get(name) ?? 0) + jobs);
  }
  return Object.fromEntries(waiting);
}

function listIn(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function textsIn(reply: Reply): string[] {
  return listIn(reply).filter((item) => typeof item === "string");
}
