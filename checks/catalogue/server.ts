import { z } from "zod";
import { MORE_TIME } from "../../redis/explanations.ts";
import { isCache, mayEvict, queuesOf } from "../../render/instance.ts";
import { formatMemorySize } from "../../render/memory-size.ts";
import { sureConnections } from "../../render/plans.ts";
import { NEVER_EVICT, redisSpelling } from "../../render/spellings.ts";
import type { Check } from "../check.ts";
import { count, info, judging } from "../judging.ts";
import { largestCause } from "../memory-causes.ts";
import { NEEDS } from "../observation/library-commands.ts";
import { fail, pass, unknown, warn } from "../result.ts";

// How the running server is, by its own account.

/** A full Redis that never evicts refuses every write, so there must be room before it is needed. A cache may be full. */
export const memoryHeadroom: Check = {
  id: "memory-headroom",
  follows: "plan",
  title: "Memory headroom",
  proves: "There is room for more data before the memory limit.",
  run: judging(
    info({ used_memory: count, maxmemory: count, mem_clients_normal: count.default(0) }),
    ({ used_memory, maxmemory, mem_clients_normal: buffers }, { memoryUse, expected, look }) => {
      if (maxmemory === 0) return unknown("without a limit there is no headroom", "See memory-limit.");
      const percent = (used_memory / maxmemory) * 100;
      const byClients = buffers >= used_memory / 2;
      const used = `${formatMemorySize(used_memory)} of ${formatMemorySize(maxmemory)}`;
      const mayBeFull = mayEvict(expected);
      const evidence = {
        expected: mayBeFull ? "any use by what may be evicted" : `below ${memoryUse.warnPercent} % used`,
        actual: `${percent.toFixed(1)} % used (${used}${byClients ? `, ${formatMemorySize(buffers)} by clients' buffers` : ""})`,
        source: "INFO memory",
      };
      const jobs = ("seen" in look ? look.seen.jobs : undefined) ?? [];
      const remedy =
        largestCause({ used: used_memory, clients: byClients ? buffers : 0, jobs }) ??
        `${isCache(expected) ? "Set redis.evictionPolicy to `allkeys_lru`" : "Remove finished jobs (removeOnComplete)"}, or choose a larger plan.`;
      if (mayBeFull) {
        const isCrowded = byClients && percent >= memoryUse.warnPercent;
        return isCrowded ? warn(evidence, `${remedy} They leave little room for what is cached.`) : pass(evidence);
      }
      const why = "When memory is full, what never evicts refuses every write, and a queue stands still.";
      if (percent >= memoryUse.failPercent) return fail(evidence, `${remedy} ${why}`);
      return percent >= memoryUse.warnPercent ? warn(evidence, `${remedy} ${why}`) : pass(evidence);
    },
  ),
};

const HOUR = 3_600;
const DAY = 24 * HOUR;

function duration(seconds: number): string {
  if (seconds < HOUR) return `${seconds} s`;
  return seconds < 2 * DAY ? `${(seconds / HOUR).toFixed(1)} h` : `${Math.round(seconds / DAY)} days`;
}

export const evictions: Check = {
  id: "evictions",
  title: "Evictions",
  proves:
    "Since the server started, it has evicted no key, unless it is a cache, and disconnected no client for lack of memory. " +
    "Of a cache it also tells how many reads were hits.",
  run: judging(
    info({
      evicted_keys: count,
      // Redis counts evicted clients since version 7.
      evicted_clients: count.default(0),
      uptime_in_seconds: count,
      maxmemory_policy: z.string().optional(),
      keyspace_hits: count.optional(),
      keyspace_misses: count.optional(),
    }),
    (fields, { expected }) => {
      const { evicted_keys: keys, evicted_clients: clients, maxmemory_policy: policy } = fields;
      const may = mayEvict(expected);
      const since = `${keys} keys, ${clients} clients in ${duration(fields.uptime_in_seconds)} of uptime`;
      const evidence = {
        expected: may ? `keys by ${redisSpelling(expected.evictionPolicy)}, 0 clients` : "0 keys, 0 clients",
        actual: isCache(expected) ? `${since}, ${hits(fields)}` : since,
        source: "INFO stats",
      };
      if (keys > 0 && !may) {
        const now =
          policy === redisSpelling(NEVER_EVICT) ? "The policy is noeviction now." : "Set the policy to noeviction.";
        return fail(evidence, `Keys were lost. ${now} The count goes back to 0 at a restart.`);
      }
      if (clients === 0) return pass(evidence);
      return warn(
        evidence,
        "No key was lost. The server disconnected clients whose buffers were too large together (maxmemory-clients): look " +
          "for clients that read too slowly or send very large commands.",
      );
    },
  ),
};

/** How well a cache serves. */
function hits(reads: { readonly keyspace_hits?: number | undefined; readonly keyspace_misses?: number | undefined }) {
  const { keyspace_hits: found, keyspace_misses: missed } = reads;
  if (found === undefined || missed === undefined) return "INFO does not count hits";
  const all = found + missed;
  return all === 0 ? "nothing read yet" : `${((found / all) * 100).toFixed(1)} % of ${all} reads were hits`;
}

const WARN_SHARE = 0.7;
const FAIL_SHARE = 0.9;

export const connections: Check = {
  id: "connections",
  follows: "plan",
  title: "Connections",
  proves: "There are connections left for more clients, and clients are not turned away every day.",
  run: judging(
    info({
      connected_clients: count,
      maxclients: count.optional(),
      rejected_connections: count,
      uptime_in_seconds: count,
    }),
    (fields, { expected }) => {
      const {
        connected_clients: connected,
        maxclients,
        rejected_connections: rejected,
        uptime_in_seconds: uptime,
      } = fields;
      const limits = [maxclients, sureConnections(expected.plan)].filter((limit) => limit !== undefined);
      if (limits.length === 0) {
        return unknown("no connection limit is known", "The plan's is not known here, and INFO has no maxclients.");
      }
      const limit = Math.min(...limits);
      const evidence = {
        expected: `below ${WARN_SHARE * 100} % of the limit, less than one rejected a day`,
        actual: `${connected} of ${limit}, ${rejected} rejected in ${duration(uptime)} of uptime`,
        source: "INFO clients, plan",
      };
      const remedy =
        "Look for clients that are opened for each request or never closed (CLIENT LIST), or choose a larger plan.";
      if (connected >= limit * FAIL_SHARE) return fail(evidence, remedy);
      if (connected >= limit * WARN_SHARE) return warn(evidence, remedy);
      // INFO counts since the start, and does not say when: one of last year is no news.
      if (rejected === 0 || rejected < uptime / DAY) return pass(evidence);
      return warn(evidence, `The limit was reached, INFO does not say when. ${remedy}`);
    },
  ),
};

export const role: Check = {
  id: "role",
  title: "Role",
  proves: "The server is a primary: it takes writes and follows no other.",
  run: judging(info({ role: z.string().min(1) }), (fields) => {
    const evidence = { expected: "master", actual: fields.role, source: "INFO replication" };
    if (fields.role === "master") return pass(evidence);
    return fail(
      evidence,
      "The URL leads to a replica. See the instance in Render's dashboard, or contact its support.",
    );
  }),
};

export const loading: Check = {
  id: "loading",
  title: "Data loaded",
  proves: "The server has read its data from disk and serves all of it.",
  run: judging(info({ loading: z.enum(["0", "1"]) }), (fields) => {
    const done = fields.loading === "0";
    const evidence = { expected: "loaded", actual: done ? "loaded" : "still loading", source: "INFO persistence" };
    return done ? pass(evidence) : fail(evidence, `Wait for it, or ${MORE_TIME}`);
  }),
};

export const version: Check = {
  id: "version",
  title: "Version",
  proves: "The server is recent enough for the libraries whose queues are in it.",
  // For old clients Valkey always calls itself Redis 7.2.4; its own version is in another field.
  run: judging(info({ valkey_version: z.string().optional(), redis_version: z.string() }), (fields, { expected }) => {
    const { valkey_version: valkey, redis_version } = fields;
    const number = Number(/^\d+\.\d+/.exec(valkey ?? redis_version)?.[0]);
    if (Number.isNaN(number)) return unknown("INFO has no usable version", "Ask Render's support what it runs.");
    const needs = queuesOf(expected).map((library) => NEEDS[library]);
    const least = Math.max(0, ...needs.map((need) => need.least));
    const good = Math.max(0, ...needs.map((need) => need.good));
    const evidence = {
      // Valkey began as Redis 7.2.
      expected: good === 0 ? "any" : `Valkey, or Redis ${good} and above`,
      actual: valkey === undefined ? `Redis ${redis_version}` : `Valkey ${valkey}`,
      source: "INFO server",
    };
    const remedy = "Render does not upgrade an instance: create a new one and move the data.";
    if (valkey === undefined && number < least) return fail(evidence, remedy);
    return valkey === undefined && number < good ? warn(evidence, remedy) : pass(evidence);
  }),
};
