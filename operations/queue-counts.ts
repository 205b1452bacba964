import { z } from "zod";
import type { Connection } from "../redis/connection.ts";
import { type JobState, type QueueKey, QueueSearch } from "../redis/queue-keys.ts";
import { countJobs, waitingSince } from "../redis/queues.ts";
import { sizeStates } from "../redis/sizes.ts";
import { PacedConnection, sweep } from "./keys.ts";

/** How many jobs a queue has in each state, in BullMQ's words, and how long the oldest has waited. */
export const queueCountSchema = z.object({
  queue: z.string(),
  jobs: z.record(z.string(), z.number()),
  /** Seconds; absent where nothing waits, or the library does not say since when. */
  oldestSeconds: z.number().optional(),
  /** Bytes of finished jobs that are kept, by state: the mean of some of them, times their number. */
  keptBytes: z.record(z.string(), z.number()),
});
export type QueueCount = z.output<typeof queueCountSchema>;

/** Share of the server's time that looking for queues takes. */
const SHARE = 0.1;
/** Milliseconds after which new queues are looked for. */
const LOOK_AGAIN_MS = 600_000;
/** Keys of queues that are counted. Each costs a command or two a sample. */
const MOST_KEYS = 2_000;
/** Kept jobs of a queue and state whose size is asked for. */
const SIZED = 10;
/** What BullMQ calls a state, where it is another word. */
const BULLMQ: Partial<Record<JobState, string>> = { children: "waiting-children" };

/** The queues of one instance: looked for from time to time, counted for each sample. */
export class Queues {
  #keys: QueueKey[] = [];
  #foundAt = Number.NEGATIVE_INFINITY;

  /** @throws RedisFailure when the connection ends. */
  async count(connection: Connection, signal: AbortSignal): Promise<QueueCount[]> {
    if (performance.now() - this.#foundAt > LOOK_AGAIN_MS) {
      this.#keys = await findKeys(connection, signal);
      this.#foundAt = performance.now();
    }
    const [kept, others] = [this.#keys.filter(isKept), this.#keys.filter((key) => !isKept(key))];
    const [jobs, since] = [await countJobs(connection, others), await waitingSince(connection, others)];
    const sizes = await sizeStates(connection, kept, SIZED, { by: "some elements" });
    const counts = new Map<string, QueueCount>();
    const add = ({ queue, state }: QueueKey, number: number): QueueCount => {
      const count = counts.get(queue) ?? { queue, jobs: {}, keptBytes: {} };
      const name = BULLMQ[state] ?? state;
      count.jobs[name] = (count.jobs[name] ?? 0) + number;
      counts.set(queue, count);
      return count;
    };
    for (const [index, key] of others.entries()) {
      const count = add(key, jobs[index] ?? 0);
      const time = since[index];
      if (time === undefined) continue;
      const seconds = Math.max(0, Math.round((Date.now() - time) / 1_000));
      count.oldestSeconds = Math.max(count.oldestSeconds ?? 0, seconds);
    }
    for (const size of sizes) {
      const { keptBytes } = add(size, size.jobs);
      // Without MEMORY USAGE it is not told.
      if (size.jobs > 0 && size.bytes === 0) continue;
      keptBytes[size.state] = (keptBytes[size.state] ?? 0) + size.bytes;
    }
    return [...counts.values()];
  }
}

/** Whether it holds finished jobs whose library has a setting that removes them. */
function isKept({ library, state }: QueueKey): boolean {
  return library === "bull" && (state === "completed" || state === "failed");
}

async function findKeys(connection: Connection, signal: AbortSignal): Promise<QueueKey[]> {
  const search = new QueueSearch();
  const paced = new PacedConnection(connection, SHARE, signal);
  for await (const keys of sweep(paced)) for (const key of keys) search.add(key);
  return (await search.find(paced)).slice(0, MOST_KEYS);
}
