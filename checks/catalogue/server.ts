import { z } from "zod";
import { formatMemorySize } from "../../render/memory-size.ts";
import { planFacts } from "../../render/plans.ts";
import type { Check } from "../check.ts";
import { count, info, judging } from "../judging.ts";
import { fail, pass, unknown, warn } from "../result.ts";

// How the running server is, by its own account.

/** A full Redis that never evicts refuses every new job, so there must be room before it is needed. */
export const memoryHeadroom: Check = {
  id: "memory-headroom",
  title: "Memory headroom",
  proves: "There is room for more data before the memory limit.",
  run: judging(info({ used_memory: count, maxmemory: count }), ({ used_memory, maxmemory }, { memoryUse }) => {
    if (maxmemory === 0) return unknown("without a limit there is no headroom", "See memory-limit.");
    const percent = (used_memory / maxmemory) * 100;
    const evidence = {
      expected: `below ${memoryUse.warnPercent} % used`,
      actual: `${percent.toFixed(1)} % used (${formatMemorySize(used_memory)} of ${formatMemorySize(maxmemory)})`,
      source: "INFO memory",
    };
    const remedy =
      "Remove finished jobs (removeOnComplete), or choose a larger plan: when memory is full, a queue that never evicts stands still.";
    if (percent >= memoryUse.failPercent) return fail(evidence, remedy);
    return percent >= memoryUse.warnPercent ? warn(evidence, remedy) : pass(evidence);
  }),
};

const HOUR = 3_600;

export const evictions: Check = {
  id: "evictions",
  title: "Nothing evicted",
  proves: "Since the server started, no key was evicted and no client disconnected for lack of memory.",
  run: judging(
    // Redis counts evicted clients since version 7.
    info({ evicted_keys: count, evicted_clients: count.default(0), uptime_in_seconds: count }),
    ({ evicted_keys: keys, evicted_clients: clients, uptime_in_seconds: uptime }) => {
      const since = uptime >= HOUR ? `${(uptime / HOUR).toFixed(1)} h` : `${uptime} s`;
      const evidence = {
        expected: "0 keys, 0 clients",
        actual: `${keys} keys, ${clients} clients in ${since} of uptime`,
        source: "INFO stats",
      };
      if (keys === 0 && clients === 0) return pass(evidence);
      return fail(
        evidence,
        "Data was lost. Set the policy to noeviction, or choose a larger plan; the count goes back to 0 at a restart.",
      );
    },
  ),
};

/** More clients than one service's queues need; a leak shows here long before the limit. */
const MANY = 50;
const WARN_SHARE = 0.7;
const FAIL_SHARE = 0.9;

export const connections: Check = {
  id: "connections",
  title: "Connections",
  proves: "There are connections left for more clients, and nobody was turned away.",
  run: judging(
    info({ connected_clients: count, maxclients: count.optional(), rejected_connections: count }),
    ({ connected_clients: connected, maxclients, rejected_connections: rejected }, { expected }) => {
      const limits = [maxclients, planFacts(expected.plan)?.connections].filter((limit) => limit !== undefined);
      const limit = Math.min(...limits);
      const of = Number.isFinite(limit) ? ` of ${limit}` : "";
      const evidence = {
        expected: `at most ${MANY} and below ${WARN_SHARE * 100} % of the limit, none rejected`,
        actual: `${connected}${of}, ${rejected} rejected`,
        source: "INFO clients, plan",
      };
      const remedy =
        "Look for clients that are opened for each request or never closed (CLIENT LIST), or choose a larger plan.";
      if (connected >= limit * FAIL_SHARE) return fail(evidence, remedy);
      const many = connected > MANY || connected >= limit * WARN_SHARE || rejected > 0;
      return many ? warn(evidence, remedy) : pass(evidence);
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
    return done ? pass(evidence) : fail(evidence, "Wait for it, or allow more time with --deadline.");
  }),
};

/** What BullMQ refuses to work below, and what it recommends. Valkey began as Redis 7.2. */
const LEAST = 5;
const RECOMMENDED = 6.2;

export const version: Check = {
  id: "version",
  title: "Version",
  proves: "The server is recent enough for Bull and BullMQ.",
  // For old clients Valkey always calls itself Redis 7.2.4; its own version is in another field.
  run: judging(info({ valkey_version: z.string().optional(), redis_version: z.string() }), (fields) => {
    const { valkey_version: valkey, redis_version } = fields;
    const number = Number(/^\d+\.\d+/.exec(valkey ?? redis_version)?.[0]);
    if (Number.isNaN(number)) return unknown("INFO has no usable version", "Ask Render's support what it runs.");
    const evidence = {
      expected: `Valkey, or Redis ${RECOMMENDED} and above`,
      actual: valkey === undefined ? `Redis ${redis_version}` : `Valkey ${valkey}`,
      source: "INFO server",
    };
    const remedy = "Render does not upgrade an instance: create a new one and move the data.";
    if (valkey === undefined && number < LEAST) return fail(evidence, remedy);
    return valkey === undefined && number < RECOMMENDED ? warn(evidence, remedy) : pass(evidence);
  }),
};
