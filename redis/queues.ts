import { listIn, type QueueKey, textsIn } from "./queue-keys.ts";
import type { Reply } from "./resp.ts";
import type { Sender } from "./session.ts";

/** The command that counts the jobs in a key of a type. */
const COUNTS = { list: "LLEN", zset: "ZCARD", hash: "HLEN" } as const;

/** How many jobs are in each of these keys. */
export async function countJobs(sender: Sender, keys: readonly QueueKey[]): Promise<number[]> {
  const counts = await sender.send(keys.map(({ key, type }) => [COUNTS[type], key]));
  return counts.map((count) => (typeof count === "number" ? count : 0));
}

/** The keys of each queue together. */
export function byQueue<Key extends QueueKey>(keys: readonly Key[]): Key[][] {
  const queues = new Map<string, Key[]>();
  for (const key of keys) {
    const name = `${key.library} ${key.base}`;
    queues.set(name, [...(queues.get(name) ?? []), key]);
  }
  return [...queues.values()];
}

/** Jobs of prioritized ones that are looked at for the oldest. Those of one priority are in the order of their age. */
const PRIORITIZED = 100;

/**
 * When the job that has waited longest became ready, in milliseconds since 1970; `undefined` where no job waits, or the library
 * does not say when: Celery's messages do not.
 *
 * @param keys Those of one queue.
 */
export async function oldestWaiting(sender: Sender, keys: readonly QueueKey[]): Promise<number | undefined> {
  const times: number[] = [];
  for (const { library, base, key, state } of keys) {
    if (state !== "waiting" && state !== "paused" && state !== "prioritized") continue;
    const last = state === "prioritized" ? ["ZRANGE", key, "0", String(PRIORITIZED)] : ["LRANGE", key, "-2", "-1"];
    const ends = await sender.send([last, ["LRANGE", key, "0", "1"]]);
    const jobs = [...new Set(ends.flatMap(textsIn))];
    times.push(...(await READY[library](sender, base, jobs)));
  }
  return times.length === 0 ? undefined : Math.min(...times);
}

type ReadyTimes = (sender: Sender, base: string, jobs: readonly string[]) => Promise<number[]>;

/** When jobs became ready, by what each library keeps of them. */
const READY: Readonly<Record<QueueKey["library"], ReadyTimes>> = {
  async bull(sender, base, ids) {
    const jobs = await sender.send(ids.map((id) => ["HMGET", `${base}:${id}`, "timestamp", "opts", "processedOn"]));
    return jobs.flatMap((job) => {
      const [timestamp, opts, processedOn] = listIn(job);
      const delay = Number(fieldOf(opts, "delay") ?? 0);
      // A job that is tried again has waited since its last try.
      return milliseconds(Math.max(Number(timestamp ?? Number.NaN) + delay, Number(processedOn ?? 0)));
    });
  },
  async rq(sender, _base, ids) {
    const jobs = await sender.send(ids.map((id) => ["HGET", `rq:job:${id}`, "enqueued_at"]));
    return jobs.flatMap((time) => milliseconds(Date.parse(String(time))));
  },
  sidekiq: async (_sender, _base, jobs) => jobs.flatMap((job) => milliseconds(Number(fieldOf(job, "enqueued_at")))),
  async dramatiq(sender, base, ids) {
    const jobs = await sender.send(ids.map((id) => ["HGET", `${base}.msgs`, id]));
    return jobs.flatMap((job) => milliseconds(Number(fieldOf(job, "message_timestamp"))));
  },
  celery: async () => [],
};

/** Sidekiq 8 counts milliseconds, the ones before count seconds. */
function milliseconds(time: number): number[] {
  if (!Number.isFinite(time) || time <= 0) return [];
  return [time < 1e11 ? time * 1_000 : time];
}

function fieldOf(json: Reply | undefined, field: string): unknown {
  try {
    return Object.entries(JSON.parse(String(json))).find(([name]) => name === field)?.[1];
  } catch {
    return undefined;
  }
}

/** What a queue's library is, with its version where it says so: `BullMQ 6`, `Bull`, `Celery`. */
export async function libraryOf(sender: Sender, { library, base }: QueueKey): Promise<string> {
  if (library !== "bull") return { celery: "Celery", dramatiq: "dramatiq", rq: "RQ", sidekiq: "Sidekiq" }[library];
  const [version, meta] = await sender.send([
    ["HGET", `${base}:meta`, "version"],
    ["TYPE", `${base}:meta`],
  ]);
  const major = typeof version === "string" ? /^bullmq(?:-pro)?:(\d+)/.exec(version)?.[1] : undefined;
  if (major !== undefined) return `BullMQ ${major}`;
  return meta === "hash" ? "BullMQ" : "Bull";
}

/** Ids at once. */
const PAGE = 500;
/** Places of a key at which a sample is taken. */
const PLACES = 10;

/**
 * Of the ids in a key all, or a sample from places evenly apart: the oldest jobs may be of another size than the newest.
 *
 * @param most How many at most.
 */
export async function* idsIn(
  sender: Sender,
  { key, type }: QueueKey,
  jobs: number,
  most: number,
): AsyncGenerator<string[]> {
  if (type === "hash") return;
  const range = type === "list" ? "LRANGE" : "ZRANGE";
  const isSample = jobs > most;
  const page = isSample ? Math.ceil(most / PLACES) : PAGE;
  const step = isSample ? Math.floor((jobs - page) / (PLACES - 1)) : page;
  for (let from = 0; from < jobs; from += step) {
    const [ids] = await sender.send([[range, key, String(from), String(from + page - 1)]]);
    yield textsIn(ids);
  }
}

/** The key of a job, where jobs have keys of their own. */
export function jobKeyOf({ library, base }: QueueKey, id: string): string | undefined {
  if (library === "bull") return `${base}:${id}`;
  return library === "rq" ? `rq:job:${id}` : undefined;
}
