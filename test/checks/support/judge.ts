import { type Check, type CheckContext, resultOf } from "../../../checks/check.ts";
import type { CoreObservation, Observation } from "../../../checks/observation/observation.ts";
import { jsonReportSchema, type Result } from "../../../checks/report.ts";
import { keyValue as keyValueSchema } from "../../../render/api/endpoints.ts";
import type { Look } from "../../../vantage/vantage.ts";
import { EXPECTED, INSTANCE } from "./render-api.ts";

/** The fields of INFO that the checks read, as a good instance gives them. */
const INFO = {
  redis_version: "7.2.4",
  valkey_version: "8.1.4",
  uptime_in_seconds: "60",
  connected_clients: "1",
  maxclients: "250",
  rejected_connections: "0",
  used_memory: "1000000",
  maxmemory: "268435456",
  maxmemory_policy: "noeviction",
  evicted_keys: "0",
  evicted_clients: "0",
  aof_enabled: "1",
  aof_last_write_status: "ok",
  aof_last_bgrewrite_status: "ok",
  rdb_last_bgsave_status: "ok",
  // The server started a minute before, and has just saved.
  server_time_usec: "1790000060000000",
  rdb_last_save_time: "1790000055",
  rdb_changes_since_last_save: "3",
  role: "master",
  loading: "0",
};

/** What differs from an instance that is right in everything. */
export interface Situation {
  /** Fields of INFO; `undefined` takes one away. */
  readonly info?: Readonly<Record<string, string | undefined>>;
  readonly core?: Partial<CoreObservation>;
  readonly observation?: Partial<Observation>;
  readonly vantage?: "external" | "inside";
  /** Nobody could look at the Redis. */
  readonly look?: Look<Observation>;
  readonly expected?: Partial<CheckContext["expected"]>;
  readonly instance?: object;
  readonly prove?: CheckContext["prove"];
}

const inDays = (days: number) => new Date(Date.now() + days * 24 * 3_600_000).toISOString();

export function situation(differences: Situation = {}): CheckContext {
  const info = Object.entries({ ...INFO, ...differences.info }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}:${value}`],
  );
  const observation: Observation = {
    core: {
      ping: { reply: "PONG" },
      latenciesMs: [0.5, 0.4, 0.6],
      info: { reply: `# Everything\r\n${info.join("\r\n")}\r\n` },
      configuredPolicy: { failure: "NOPERM" },
      write: { value: "v", set: { reply: "OK" }, get: { reply: "v" }, ttl: { reply: 29_999 }, deleted: { reply: 1 } },
      tls: { protocol: "TLSv1.3", validTo: inDays(60) },
      ...differences.core,
    },
    stranger: { failure: "NOAUTH" },
    pubSub: { delivered: { reply: "OK" } },
    queue: { commands: { reply: "OK" } },
    ...differences.observation,
  };
  return {
    expected: { ...EXPECTED, ...differences.expected },
    instance: keyValueSchema.parse({ ...INSTANCE, ...differences.instance }),
    look: differences.look ?? { vantage: differences.vantage ?? "external", passedOver: [], seen: observation },
    names: { instance: undefined, group: undefined },
    prove: differences.prove ?? "no",
    memoryUse: { warnPercent: 70, failPercent: 80 },
  };
}

const reported = jsonReportSchema.shape.environments.element.shape.results.element;

/** What a check finds, with all that a report says of it. */
export function found(check: Check, context: CheckContext): Result {
  const result = resultOf(check, context);
  const { id, title, proves } = check;
  reported.parse({ id, title, proves, durationMs: 0, ...result });
  return result;
}

/** What a check finds in a situation. */
export function judge(check: Check, differences: Situation = {}): Result {
  return found(check, situation(differences));
}
