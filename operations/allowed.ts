import type { Connection } from "../redis/connection.ts";
import type { FailureKind } from "../redis/explanations.ts";
import { RedisFailure } from "../redis/failure.ts";
import { ownName } from "../redis/own-name.ts";

/**
 * A form of each command that changes nothing and is answered quickly. A mistake in it is no refusal: who may not run a command
 * is told so before it is looked at.
 *
 * @param key One that does not exist.
 */
const HARMLESS = {
  INFO: () => ["INFO", "server"],
  SCAN: () => ["SCAN", "0", "COUNT", "1"],
  DUMP: (key) => ["DUMP", key],
  RESTORE: (key) => ["RESTORE", key, "0", ""],
  PTTL: (key) => ["PTTL", key],
  TYPE: (key) => ["TYPE", key],
  EVAL: () => ["EVAL", "return 1", "0"],
  UNLINK: (key) => ["UNLINK", key],
  "MEMORY USAGE": (key) => ["MEMORY", "USAGE", key],
  "MEMORY STATS": () => ["MEMORY", "STATS"],
  /** Refused for another reason where the eviction policy is one of LFU: see INFO's `maxmemory_policy`. */
  "OBJECT IDLETIME": (key) => ["OBJECT", "IDLETIME", key],
  "CLIENT LIST": () => ["CLIENT", "LIST", "ID", "0"],
  "CLIENT NO-TOUCH": () => ["CLIENT", "NO-TOUCH", "ON"],
  "CONFIG GET": () => ["CONFIG", "GET", "maxmemory-policy"],
  "SLOWLOG LEN": () => ["SLOWLOG", "LEN"],
} as const satisfies Record<string, (key: string) => readonly string[]>;

export type Probed = keyof typeof HARMLESS;

/** What says that a command is refused whatever is asked of it. */
const REFUSED: readonly FailureKind[] = ["NOPERM", "UNKNOWN_COMMAND"];

/**
 * Which of these commands this user may run on this server. Render's ACL is not documented: an operation finds out first, says
 * so, and does without.
 *
 * @throws RedisFailure when the connection ends.
 */
export async function findAllowed<Name extends Probed>(
  connection: Connection,
  names: readonly Name[],
): Promise<Readonly<Record<Name, boolean>>> {
  const key = ownName();
  const replies = await connection.send(names.map((name) => HARMLESS[name](key)));
  const allowed = replies.map((reply) => {
    if (!(reply instanceof RedisFailure)) return true;
    if (["CLOSED", "TIMEOUT", "STOPPED", "NOT_REDIS"].includes(reply.kind)) throw reply;
    return !REFUSED.includes(reply.kind);
  });
  return Object.fromEntries(names.map((name, index) => [name, allowed[index]])) as Record<Name, boolean>;
}
