import type { RedisAddress } from "../../redis/address.ts";
import type { Connection, ConnectionOptions } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { keysByDatabase, parseInfo } from "../../redis/info.ts";
import { ownName } from "../../redis/own-name.ts";
import type { Reply } from "../../redis/resp.ts";
import { ask, inSession } from "../../redis/session.ts";
import { until } from "../../runtime/wait.ts";
import { answer } from "./core.ts";
import type { ProofObservation } from "./observation.ts";

export const MB = 1024 ** 2;
/** More takes too long to fill, and the server's machine may not really have it. */
export const LARGEST = 512 * MB;
/** Keys must expire: a volatile policy evicts no others, and would look like noeviction. */
export const PROBE_TTL_MS = 15_000;
/** A value of this length fills a megabyte together with its key and header. */
const LAST_BYTE = MB - 257;
/** Keys that are written between two looks whether anybody else has come. */
export const STEP = 16;
/** The first keys must not expire before the last look at them. */
export const SLACK_MS = 3_000;
const DATABASE = /^db\d+$/;
/** A server may take its time to forget the connection that has just been closed. */
const FORGETTING = { first: 100, withinMs: 1_100 } as const;
const PATIENCE_MS = 20_000;

type Info = Record<string, string>;

/**
 * Fills an empty instance to its limit and watches what happens to what is already in it.
 *
 * Nothing is filled unless the instance is empty and small, and nobody else is connected. It is filled in steps, and ends
 * when somebody comes; who comes with the last step may have a write refused for some milliseconds. A value that grows by
 * its last byte costs no traffic, and the keys are deleted in the end, or expire.
 */
export async function proveEviction(address: RedisAddress, options: ConnectionOptions): Promise<ProofObservation> {
  try {
    return await inSession(address, { ...options, patienceMs: PATIENCE_MS }, async (connection) => {
      const before = await aloneWith(connection);
      const refusal = whyNot(before);
      return refusal === undefined ? await fill(connection, before) : { refused: refusal };
    });
  } catch (error) {
    return { failure: RedisFailure.fromSocket(error).kind };
  }
}

async function aloneWith(connection: Connection): Promise<Info> {
  let info: Info = {};
  await until(async () => {
    info = parseInfo(String(await ask(connection, "INFO")));
    return info.connected_clients === "1";
  }, FORGETTING);
  return info;
}

export function whyNot(info: Info): string | undefined {
  const limit = Number(info.maxmemory);
  if (Object.keys(info).some((name) => DATABASE.test(name))) return "the instance is not empty";
  if (info.connected_clients !== "1") return "other clients are connected";
  if (!(limit > 0)) return "the instance has no memory limit";
  return limit > LARGEST ? "the instance is larger than 512 MB" : undefined;
}

async function fill(connection: Connection, before: Info): Promise<ProofObservation> {
  const counted = Number(before.used_memory) - Number(before.mem_not_counted_for_evict ?? 0);
  const size = Math.min(LARGEST / MB, Math.ceil((Number(before.maxmemory) - counted) / MB)) + 1;
  const name = ownName();
  const keys = Array.from({ length: size }, (_, index) => `${name}:${index}`);
  const end = performance.now() + PROBE_TTL_MS - SLACK_MS;
  const written: Reply[] = [];
  let evicted = 0;
  while (written.length / 2 + STEP < size && evicted === 0) {
    const done = written.length / 2;
    const replies = await connection.send([...writes(keys.slice(done, done + STEP)), ["INFO"]]);
    const info = infoIn(replies.pop());
    written.push(...replies);
    evicted = Number(info.evicted_keys) - Number(before.evicted_keys);
    const guest = Number(info.total_connections_received) > Number(before.total_connections_received);
    if (!guest && keysIn(info) <= done + STEP && performance.now() < end) continue;
    await connection.send([["DEL", ...keys.slice(0, done + STEP)]]);
    return performance.now() < end ? { refused: "another client came while it was filled" } : { failure: "TIMEOUT" };
  }
  const done = written.length / 2;
  const rest = evicted === 0 ? keys.slice(done) : [];
  const all = keys.slice(0, done + rest.length);
  const canary = `${name}:canary`;
  // In one write, so that the memory is full for milliseconds only.
  const replies = await connection.send([
    ...writes(rest),
    ["SET", canary, "x", "PX", String(PROBE_TTL_MS)],
    ...all.map((key) => ["EXISTS", key]),
    ["INFO", "stats"],
    ["DEL", canary, ...all],
  ]);
  written.push(...replies.splice(0, 2 * rest.length));
  return judged(before, written, replies);
}

/** What became of the keys: by the replies to their two writes each, and those to the canary, to EXISTS for each, and to INFO. */
export function judged(
  before: Info,
  written: readonly Reply[],
  [refused = null, ...left]: readonly Reply[],
): ProofObservation {
  const keys = Array.from({ length: written.length / 2 }, (_, index) => index);
  const created = keys.map((index) => written[2 * index] === "OK");
  return {
    canary: answer(refused),
    created: created.filter(Boolean).length,
    grown: keys.filter((index) => typeof written[2 * index + 1] === "number").length,
    alive: created.filter((there, index) => there && left[index] === 1).length,
    evicted: Number(infoIn(left.at(-2)).evicted_keys) - Number(before.evicted_keys),
  };
}

export function writes(keys: readonly string[]): string[][] {
  return keys.flatMap((key) => [
    ["SET", key, "", "PX", String(PROBE_TTL_MS)],
    ["SETRANGE", key, String(LAST_BYTE), "x"],
  ]);
}

/** @throws RedisFailure when it was not answered. */
export function infoIn(reply: Reply | undefined): Info {
  if (reply instanceof RedisFailure) throw reply;
  return parseInfo(String(reply));
}

/** The keys of all databases. */
export function keysIn(info: Info): number {
  return [...keysByDatabase(info).values()].reduce((sum, keys) => sum + keys, 0);
}
