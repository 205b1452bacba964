import { z } from "zod";
import type { Connection } from "../redis/connection.ts";
import {
  COUNTS,
  type JobState,
  listIn,
  type QueueKey,
  type QueueLibrary,
  queueKeysAt,
  textsIn,
} from "../redis/queue-keys.ts";
import type { Reply } from "../redis/resp.ts";
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
const SIZED = 5;
/** What BullMQ calls a state, where it is another word. */
const BULLMQ: Partial<Record<JobState, string>> = { children: "waiting-children" };

const milliseconds = z.coerce.number().min(0).max(8.64e15);
const delayed = z.object({ delay: milliseconds.optional() });

/** Since when the job at the end of a list waits: what is asked, and what the answer says. Other libraries do not keep it. */
const SINCE: Partial<
  Record<QueueLibrary, { ask: (key: QueueKey, entry: string) => string[]; read: (reply: readonly Reply[]) => unknown }>
> = {
  bull: {
    ask: ({ base }, id) => ["HMGET", `${base}:${id}`, "timestamp", "opts", "processedOn"],
    // A job that was delayed waits since its delay ended, one that is tried again since its last try.
    read: ([timestamp, opts, processed]) => {
      const made = milliseconds.safeParse(timestamp ?? undefined).data;
      const delay = delayed.safeParse(jsonIn(opts)).data?.delay ?? 0;
      const tried = milliseconds.safeParse(processed ?? undefined).data ?? 0;
      return made === undefined ? undefined : Math.max(made + delay, tried);
    },
  },
  sidekiq: {
    ask: (_, entry) => ["ECHO", entry],
    // Seconds with a fraction; whole milliseconds since Sidekiq 8.
    read: ([entry]) => {
      const at = z.object({ enqueued_at: milliseconds }).safeParse(jsonIn(entry)).data?.enqueued_at;
      return at === undefined || at > 1e11 ? at : at * 1_000;
    },
  },
};

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
    const sizes = await this.#sizes(connection);
    const [ages, bytes] = [await agesOf(connection, sizes), await keptBytesOf(connection, sizes)];
    const counts = new Map<string, QueueCount>();
    for (const [index, { key, size }] of sizes.entries()) {
      const count: QueueCount = counts.get(key.queue) ?? { queue: key.queue, jobs: {}, keptBytes: {} };
      counts.set(key.queue, count);
      const state = BULLMQ[key.state] ?? key.state;
      count.jobs[state] = (count.jobs[state] ?? 0) + size;
      const [age, kept] = [ages[index], bytes[index]];
      if (age !== undefined) count.oldestSeconds = Math.max(count.oldestSeconds ?? 0, age);
      if (kept !== undefined) count.keptBytes[state] = (count.keptBytes[state] ?? 0) + kept;
    }
    return [...counts.values()];
  }

  /** Another kind of value under such a name is no queue: it is not counted. */
  async #sizes(connection: Connection): Promise<Sized[]> {
    const replies = await connection.send(this.#keys.map(({ key, type }) => [COUNTS[type], key]));
    return this.#keys.flatMap((key, index) => {
      const size = replies[index];
      return typeof size === "number" ? [{ key, size }] : [];
    });
  }
}

interface Sized {
  readonly key: QueueKey;
  readonly size: number;
}

async function findKeys(connection: Connection, signal: AbortSignal): Promise<QueueKey[]> {
  const found = new Map<string, QueueKey>();
  for await (const keys of sweep(new PacedConnection(connection, SHARE, signal))) {
    for (const key of keys) {
      for (const queue of await queueKeysAt(connection, key)) found.set(queue.key, queue);
      if (found.size >= MOST_KEYS) return [...found.values()];
    }
  }
  return [...found.values()];
}

/** Seconds that the oldest job of each list has waited. Lists grow at their beginning. */
async function agesOf(connection: Connection, sizes: readonly Sized[]): Promise<(number | undefined)[]> {
  const asked = sizes.flatMap(({ key, size }, index) => {
    const since = SINCE[key.library];
    const waits = key.type === "list" && (key.state === "waiting" || key.state === "paused");
    return since === undefined || !waits || size === 0 ? [] : [{ index, key, since }];
  });
  const entries = await connection.send(asked.map(({ key }) => ["LINDEX", key.key, "-1"]));
  const replies = await connection.send(asked.map(({ key, since }, at) => since.ask(key, String(entries[at] ?? ""))));
  const ages: (number | undefined)[] = [];
  for (const [at, { index, since }] of asked.entries()) {
    const reply = replies[at] ?? null;
    const begun = since.read(Array.isArray(reply) ? listIn(reply) : [reply]);
    if (typeof begun === "number") ages[index] = Math.max(0, Math.round((Date.now() - begun) / 1_000));
  }
  return ages;
}

/** Bytes of the kept jobs of each key; `undefined` for other states, and where the sizes are not told. */
async function keptBytesOf(connection: Connection, sizes: readonly Sized[]): Promise<(number | undefined)[]> {
  const kept = sizes.flatMap(({ key, size }, index) =>
    key.library === "bull" && (key.state === "completed" || key.state === "failed") ? [{ index, key, size }] : [],
  );
  const ids = await connection.send(kept.map(({ key }) => ["ZRANDMEMBER", key.key, String(SIZED)]));
  const asked = kept.flatMap(({ key }, at) => textsIn(ids[at]).map((id) => ({ at, id: `${key.base}:${id}` })));
  const replies = await connection.send(asked.map(({ id }) => ["MEMORY", "USAGE", id]));
  const bytes: (number | undefined)[] = [];
  for (const [at, { index, size }] of kept.entries()) {
    const found = replies.filter(
      (reply, which): reply is number => asked[which]?.at === at && typeof reply === "number",
    );
    const sum = found.reduce((total, each) => total + each, 0);
    if (found.length > 0) bytes[index] = Math.round((sum / found.length) * size);
    else if (size === 0) bytes[index] = 0;
  }
  return bytes;
}

function jsonIn(reply: Reply | undefined): unknown {
  try {
    return JSON.parse(String(reply));
  } catch {
    return undefined;
  }
}
