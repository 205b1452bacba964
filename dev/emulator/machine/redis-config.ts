import { type PlanFacts, planFacts } from "../../../render/plans.ts";
import { redisSpelling } from "../../../render/spellings.ts";
import type { KeyValueState } from "../state/schema.ts";

/** The user that only the emulator knows; Render, too, has one behind every instance. */
export const ADMIN_USER = "render-platform";

/**
 * What Render keeps from everybody. CONFIG is known from Render; the others are here because they would let a client take the
 * instance out of the platform's hands.
 */
const FORBIDDEN = "-config -acl +acl|whoami -shutdown -debug -module -replicaof -failover";

/** Where a plan's limit is not known, Redis's own. */
const REDIS_CLIENTS = 10_000;

const SNAPSHOTS = "3600 1 300 100 60 10000";

export interface RedisConfigOptions {
  readonly instance: KeyValueState;
  readonly socket: string;
  readonly dataDirectory: string;
  readonly adminPassword: string;
  /** Off while an append-only file is still to be made from a snapshot; Redis would begin empty otherwise. */
  readonly appendOnly: boolean;
}

/** The configuration file of an instance. It holds passwords, so it is handed over on standard input and never stored. */
export function redisConfig({
  instance,
  socket,
  dataDirectory,
  adminPassword,
  appendOnly,
}: RedisConfigOptions): string {
  const plan = factsOf(instance);
  const internal = instance.internalAuthentication ? "off" : "on nopass";
  return [
    "port 0",
    `unixsocket ${quote(socket)}`,
    "unixsocketperm 700",
    `dir ${quote(dataDirectory)}`,
    `maxmemory ${plan.memory}`,
    `maxmemory-policy ${redisSpelling(instance.maxmemoryPolicy)}`,
    `maxclients ${plan.connections ?? REDIS_CLIENTS}`,
    `save ${instance.persistenceMode === "off" ? '""' : SNAPSHOTS}`,
    `appendonly ${appendOnly ? "yes" : "no"}`,
    "appendfsync everysec",
    // Users inside the private network need no password, and any password they give is accepted.
    `user default ${internal} ~* &* +@all ${FORBIDDEN}`,
    `user ${instance.id} on >${instance.password} ~* &* +@all ${FORBIDDEN}`,
    `user ${ADMIN_USER} on >${adminPassword} ~* &* +@all`,
    "",
  ].join("\n");
}

/** The figures of an instance's plan. Those of a custom one stand in a contract: here its name says the memory, as `Custom_4GB`. */
export function factsOf({ plan }: KeyValueState): Pick<PlanFacts, "memory" | "connections"> {
  const gigabytes = Number(/(\d+) ?GB/i.exec(plan)?.[1] ?? 1);
  return planFacts(plan) ?? { memory: gigabytes * 1024 ** 3 };
}

function quote(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
