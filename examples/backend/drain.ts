import { sleep, until } from "../../runtime/wait.ts";
import { Claims } from "./claims.ts";
import { errorKind, log, logErrors, surviveRedis } from "./log.ts";
import { pending, Workers } from "./queues.ts";
import { Sender } from "./sender.ts";
import { readSettings } from "./settings.ts";

/**
 * Drains the Redis at `REDIS_URL`, which is about to be destroyed, then ends.
 * Run it as a one-off job of the backend. Exit codes: 0 nothing is left · 1 something is.
 */
const DEADLINE_MS = 240_000;
const CONNECT_MS = 15_000;
/** A process that is shutting down may still add what a caller has just brought. */
const QUIET_MS = 2_000;
const POLL_MS = 250;

surviveRedis(logErrors("drain"));
const settings = readSettings(process.env);
if (settings.REDIS_URL === undefined) throw new Error("REDIS_URL is not set: which Redis is to be drained?");
const sender = new Sender(new Claims(settings.DATA_DIRECTORY), settings.PROVIDER_URL);
const workers = new Workers(settings.REDIS_URL, sender, settings.QUEUE_CONCURRENCY, logErrors("drain"));
process.exit((await untilEmpty()) ? 0 : 1);

async function untilEmpty(): Promise<boolean> {
  let quietSince: number | undefined;
  let shown: number | undefined;
  const look = async () => {
    // The workers' connection waits for Redis for ever; this does not.
    const depth = await Promise.race([workers.depth().catch(errorKind), sleep(CONNECT_MS)]);
    if (typeof depth === "string") {
      log("✗", `Redis refuses: ${depth}`);
      return "no answer";
    }
    if (typeof depth === "boolean") {
      log("✗", `Redis does not answer within ${CONNECT_MS / 1_000} s: its jobs cannot be processed`);
      return "no answer";
    }
    const left = pending(depth);
    if (left !== shown) log("✓", `${left} jobs are left`);
    shown = left;
    quietSince = left === 0 ? (quietSince ?? Date.now()) : undefined;
    if (quietSince === undefined || Date.now() - quietSince < QUIET_MS) return undefined;
    const failed = Object.values(depth).reduce((sum, counts) => sum + counts.failed, 0);
    if (failed > 0) log("!", `${failed} failed jobs are deleted with this Redis`);
    await workers.close();
    return "empty";
  };
  const end = await until(look, { first: POLL_MS, withinMs: DEADLINE_MS });
  if (end === undefined) log("✗", `${shown} jobs are left after ${DEADLINE_MS / 1_000} s`);
  return end === "empty";
}
