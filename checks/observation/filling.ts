import type { RedisAddress } from "../../redis/address.ts";
import type { Connection, ConnectionOptions } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { parseInfo } from "../../redis/info.ts";
import type { Reply } from "../../redis/resp.ts";
import { ask, inSession } from "../../redis/session.ts";
import { until } from "../../runtime/wait.ts";
import { answer } from "./core.ts";
import { ownName } from "./experiments.ts";
import type { ProofObservation } from "./observation.ts";

const MB = 1024 ** 2;
/** More takes too long to fill, and the server's machine may not really have it. */
const LARGEST = 512 * MB;
/** Keys must expire: a volatile policy evicts no others, and would look like noeviction. */
const PROBE_TTL_MS = 15_000;
/** A value of this length fills a megabyte together with its key and header. */
const LAST_BYTE = MB - 257;
/** A server may take its time to forget the connection that has just been closed. */
const FORGETTING = { first: 100, withinMs: 1_100 } as const;
const PATIENCE_MS = 20_000;

/**
 * Fills an empty instance to its limit and watches what happens to what is already in it.
 *
 * One write holds everything: a value that grows by its last byte costs no traffic, and the keys are deleted at its end, or
 * expire. Nothing is filled unless the instance is empty and small, and nobody else is connected.
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

async function aloneWith(connection: Connection): Promise<Record<string, string>> {
  let info: Record<string, string> = {};
  await until(async () => {
    info = parseInfo(String(await ask(connection, "INFO")));
    return info.connected_clients === "1";
  }, FORGETTING);
  return info;
}

function whyNot(info: Record<string, string>): string | undefined {
  const limit = Number(info.maxmemory);
  if (Object.keys(info).some((name) => /^db\d+$/.test(name))) return "the instance is not empty";
  if (info.connected_clients !== "1") return "other clients are connected";
  if (!(limit > 0)) return "the instance has no memory limit";
  return limit > LARGEST ? "the instance is larger than 512 MB" : undefined;
}

async function fill(connection: Connection, before: Record<string, string>): Promise<ProofObservation> {
  const counted = Number(before.used_memory) - Number(before.mem_not_counted_for_evict ?? 0);
  const size = Math.ceil((Number(before.maxmemory) - counted) / MB) + 1;
  const name = ownName();
  const keys = Array.from({ length: size }, (_, index) => `${name}:${index}`);
  const canary = `${name}:canary`;
  const replies = await connection.send([
    ...keys.flatMap((key) => [
      ["SET", key, "", "PX", String(PROBE_TTL_MS)],
      ["SETRANGE", key, String(LAST_BYTE), "x"],
    ]),
    ["SET", canary, "x", "PX", String(PROBE_TTL_MS)],
    ...keys.map((key) => ["EXISTS", key]),
    ["INFO", "stats"],
    ["DEL", canary, ...keys],
  ]);
  const created = keys.map((_, index) => replies[2 * index] === "OK");
  const grown = keys.filter((_, index) => typeof replies[2 * index + 1] === "number").length;
  const alive = replies.slice(2 * size + 1, 3 * size + 1);
  const [stats = null] = replies.slice(3 * size + 1);
  if (stats instanceof RedisFailure) throw stats;
  return {
    canary: answer(replies[2 * size] ?? null),
    created: created.filter(Boolean).length,
    grown,
    alive: created.filter((there, index) => there && alive[index] === 1).length,
    evicted: evictedKeys(stats) - Number(before.evicted_keys),
  };
}

function evictedKeys(stats: Reply): number {
  return Number(parseInfo(String(stats)).evicted_keys);
}
