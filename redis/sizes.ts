import { listIn, type QueueKey } from "./queue-keys.ts";
import { countJobs, idsIn, jobKeyOf } from "./queues.ts";
import type { Reply } from "./resp.ts";
import type { Sender } from "./session.ts";

/** How the size of a value is found out. */
export interface Measure {
  /** By `MEMORY USAGE`, of all its elements or of some; where that is refused by what a few of its elements hold. */
  readonly by: "all elements" | "some elements" | "estimate";
}

/** Elements: all of a job's, of which one is most of it. Redis's own five are mostly the others. */
const SAMPLES = "100";

/** Bytes of keys with their values, in order; 0 for one that does not exist. */
export async function sizesOf(sender: Sender, keys: readonly string[], { by }: Measure): Promise<number[]> {
  if (by === "estimate") return estimate(sender, keys);
  const samples = by === "all elements" ? "0" : SAMPLES;
  const replies = await sender.send(keys.map((key) => ["MEMORY", "USAGE", key, "SAMPLES", samples]));
  return replies.map((size) => (typeof size === "number" ? size : 0));
}

/** Elements that are read of a value. */
const FEW = 20;

/** What an element takes beside its text, by the way in which Redis keeps a large value; and how to count and to read elements. */
const TYPES: Readonly<
  Record<string, { readonly each: number; count: (key: string) => string[]; read: (key: string) => string[] }>
> = {
  hash: { each: 40, count: (key) => ["HLEN", key], read: (key) => ["HSCAN", key, "0", "COUNT", String(FEW)] },
  set: { each: 50, count: (key) => ["SCARD", key], read: (key) => ["SRANDMEMBER", key, String(FEW)] },
  zset: { each: 90, count: (key) => ["ZCARD", key], read: (key) => ["ZRANGE", key, "0", String(FEW - 1)] },
  list: { each: 4, count: (key) => ["LLEN", key], read: (key) => ["LRANGE", key, "0", String(FEW - 1)] },
  stream: { each: 20, count: (key) => ["XLEN", key], read: (key) => ["XRANGE", key, "-", "+", "COUNT", String(FEW)] },
};
/** Up to so many elements, of up to so many bytes, a value is kept in one piece, in which each takes little more than its text. */
const PIECE = { elements: 128, longest: 64, each: 6 } as const;
/** A key's own: its entry, its object, its name's head. */
const KEY_BYTES = 70;

async function estimate(sender: Sender, keys: readonly string[]): Promise<number[]> {
  const types = await sender.send(keys.map((key) => ["TYPE", key]));
  const questions = keys.map((key, index) => {
    const type = TYPES[String(types[index])];
    return type === undefined ? [["STRLEN", key]] : [type.count(key), type.read(key)];
  });
  const replies = await sender.send(questions.flat());
  return keys.map((key, index) => {
    const [count = 0, some] = replies.splice(0, questions[index]?.length ?? 0);
    const type = String(types[index]);
    if (type === "none" || typeof count !== "number") return 0;
    const each = TYPES[type]?.each;
    if (each === undefined) return KEY_BYTES + key.length + count;
    const texts = textsWithin(type === "hash" ? listIn(some)[1] : some);
    const read = type === "hash" ? texts.length / 2 : Math.min(count, FEW);
    const text = texts.reduce((sum, { length }) => sum + length, 0) / Math.max(1, read);
    const isPiece = count <= PIECE.elements && texts.every(({ length }) => length <= PIECE.longest);
    return Math.round(KEY_BYTES + key.length + count * (text + (isPiece ? PIECE.each : each)));
  });
}

function textsWithin(reply: Reply | undefined): string[] {
  return typeof reply === "string" ? [reply] : listIn(reply).flatMap(textsWithin);
}

/** Keys measured at once. */
const AT_ONCE = 200;

/** The jobs in one state of a queue, and what they take: the list of them, and the jobs themselves. */
export interface StateSize extends QueueKey {
  readonly jobs: number;
  readonly bytes: number;
  /** Of these, the list itself. */
  readonly ownBytes: number;
}

/**
 * What the jobs of queues take, state by state.
 *
 * @param most Jobs of each state that are measured; the others are taken for what these are on average.
 */
export async function sizeStates(
  sender: Sender,
  keys: readonly QueueKey[],
  most: number,
  measure: Measure,
): Promise<StateSize[]> {
  const counts = await countJobs(sender, keys);
  const own = await sizesOf(
    sender,
    keys.map(({ key }) => key),
    measure,
  );
  const sizes: StateSize[] = [];
  for (const [index, key] of keys.entries()) {
    const jobs = counts[index] ?? 0;
    let measured = 0;
    let bytes = 0;
    for await (const ids of idsIn(sender, key, jobs, most)) {
      const jobKeys = ids.map((id) => jobKeyOf(key, id)).filter((jobKey) => jobKey !== undefined);
      for (let at = 0; at < jobKeys.length; at += AT_ONCE) {
        const found = await sizesOf(sender, jobKeys.slice(at, at + AT_ONCE), measure);
        measured += found.length;
        bytes += found.reduce((sum, size) => sum + size, 0);
      }
      // They are in the list itself.
      if (jobKeys.length === 0) break;
    }
    const mean = measured === 0 ? 0 : bytes / measured;
    const ownBytes = own[index] ?? 0;
    sizes.push({ ...key, jobs, bytes: Math.round(ownBytes + jobs * mean), ownBytes });
  }
  return sizes;
}
