import { setTimeout as sleep } from "node:timers/promises";
import { Claims } from "./claims.ts";
import { log, logErrors } from "./log.ts";
import { pending, Workers } from "./queues.ts";
import { Sender } from "./sender.ts";
import { readSettings } from "./settings.ts";

/**
 * Works off everything that waits in the Redis at `REDIS_URL`, then ends: for a Redis that is about to be destroyed.
 * Run it as a one-off job of the backend. Exit codes: 0 nothing is left · 1 something is.
 */
const DEADLINE_MS = 240_000;
const CONNECT_MS = 15_000;
/** A process that is shutting down may still add what a caller has just brought. */
const QUIET_MS = 2_000;
const POLL_MS = 250;

const settings = readSettings(process.env);
if (settings.REDIS_URL === undefined) throw new Error("REDIS_URL is not set: which Redis is to be emptied?");
const sender = new Sender(new Claims(settings.DATA_DIRECTORY), settings.PROVIDER_URL);
const workers = new Workers(settings.REDIS_URL, sender, settings.QUEUE_CONCURRENCY, logErrors("drain"));
process.exit((await untilEmpty()) ? 0 : 1);

async function untilEmpty(): Promise<boolean> {
  const begin = Date.now();
  let quietSince: number | undefined;
  let shown: number | undefined;
  while (Date.now() - begin < DEADLINE_MS) {
    // The workers' connection waits for Redis for ever; this does not.
    const depth = await Promise.race([workers.depth(), sleep(CONNECT_MS)]);
    if (depth === undefined) {
      log("✗", `Redis does not answer within ${CONNECT_MS / 1_000} s: what waits in it cannot be worked off`);
      return false;
    }
    const left = pending(depth);
    if (left !== shown) log("✓", `${left} jobs are left`);
    shown = left;
    quietSince = left === 0 ? (quietSince ?? Date.now()) : undefined;
    if (quietSince !== undefined && Date.now() - quietSince >= QUIET_MS) {
      const failed = Object.values(depth).reduce((sum, counts) => sum + counts.failed, 0);
      if (failed > 0) log("!", `${failed} jobs have failed for good before; they go with this Redis`);
      await workers.close();
      return true;
    }
    await sleep(POLL_MS);
  }
  log("✗", `${shown} jobs are left after ${DEADLINE_MS / 1_000} s`);
  return false;
}
