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
 * When the job that has waited longest in each of these keys became ready, in milliseconds since 1970; `undefined` where no job
 * waits, or the library does not say when: Celery's messages do not.
 */
export async function waitingSince(sender: Sender, keys: readonly QueueKey[]): Promise<(number | undefined)[]> {
  const lists = keys.map(({ library, key, state }) => {
    if (SINCE[library] === undefined) return [];
    if (state === "prioritized") return [["ZRANGE", key, "0", String(PRIORITIZED)]];
    // One end has what came first; the other what was put before all.
    return state === "waiting" || state === "paused"
      ? [
          ["LINDEX", key, "0"],
          ["LINDEX", key, "-1"],
        ]
      : [];
  });
  const replies = await sender.send(lists.flat());
  const entries = keys.flatMap((key, index) => {
    const found = replies.splice(0, lists[index]?.length ?? 0).flatMap((reply) => [reply, ...textsIn(reply)]);
    return [...new Set(found)].flatMap((entry) => (typeof entry === "string" ? [{ index, key, entry }] : []));
  });
  const jobs = await sender.send(entries.map(({ key, entry }) => SINCE[key.library]?.ask(key, entry) ?? ["PING"]));
  const oldest: (number | undefined)[] = keys.map(() => undefined);
  for (const [at, { index, key }] of entries.entries()) {
    const since = SINCE[key.library]?.read(jobs[at] ?? null) ?? Number.NaN;
    if (!(since > 0)) continue;
    // Sidekiq 8 counts milliseconds, the ones before count seconds.
    const milliseconds = since < 1e11 ? since * 1_000 : since;
    oldest[index] = Math.min(oldest[index] ?? milliseconds, milliseconds);
  }
  return oldest;
}

/** Since when a job is ready, by what its library keeps of it. */
const SINCE: {
  readonly [Library in QueueKey["library"]]?: {
    ask: (key: QueueKey, entry: string) => string[];
    read: (reply: Reply) => number;
  };
} = {
  bull: {
    ask: ({ base }, id) => ["HMGET", `${base}:${id}`, "timestamp", "opts", "processedOn"],
    read: (reply) => {
      const [timestamp, opts, processedOn] = listIn(reply);
      if (typeof timestamp !== "string") return Number.NaN;
      // A job that is tried again has waited since its last try.
      return Math.max(Number(timestamp) + Number(fieldOf(opts, "delay") ?? 0), Number(processedOn ?? 0));
    },
  },
  rq: {
    ask: (_, id) => ["HGET", `rq:job:${id}`, "enqueued_at"],
    read: (reply) => Date.parse(String(reply)),
  },
  sidekiq: { ask: (_, job) => ["ECHO", job], read: (reply) => Number(fieldOf(reply, "enqueued_at")) },
  dramatiq: {
    ask: ({ base }, id) => ["HGET", `${base}.msgs`, id],
    read: (reply) => Number(fieldOf(reply, "message_timestamp")),
  },
};

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
  const command = type === "list" ? "LRANGE" : "ZRANGE";
  const range = (from: number, length: number) => [command, key, String(from), String(from + length - 1)];
  if (jobs > most) {
    const length = Math.ceil(most / PLACES);
    const step = (jobs - length) / (PLACES - 1);
    const places = Array.from({ length: PLACES }, (_, place) => range(Math.floor(place * step), length));
    yield (await sender.send(places)).flatMap(textsIn);
  } else {
    for (let from = 0; from < jobs; from += PAGE) yield (await sender.send([range(from, PAGE)])).flatMap(textsIn);
  }
}

/** The key of a job, where jobs have keys of their own. */
export function jobKeyOf({ library, base }: QueueKey, id: string): string | undefined {
  if (library === "bull") return `${base}:${id}`;
  return library === "rq" ? `rq:job:${id}` : undefined;
}
