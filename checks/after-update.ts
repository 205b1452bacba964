import { comparisonsOf } from "../render/instance.ts";
import { type Check, type CheckContext, resultOf } from "./check.ts";
import { count, info, Unseen } from "./judging.ts";

const START = info({ uptime_in_seconds: count, server_time_usec: count.optional() });

/**
 * Whether the running server has yet to follow an update of the instance. Render may call it available for a moment before it
 * restarts it with its new settings.
 *
 * So it is when a check contradicts a field that Render's API shows as described, while the server runs since before the
 * update. Whatever else a check finds is final: of a new instance, of a server that has restarted since, of another field.
 */
export function isBehind(checks: readonly Check[], context: CheckContext): boolean {
  const { instance, expected } = context;
  const updatedAt = Date.parse(instance.updatedAt);
  const start = START(context);
  if (start instanceof Unseen || !(updatedAt > Date.parse(instance.createdAt))) return false;
  const now = start.server_time_usec === undefined ? Date.now() : start.server_time_usec / 1_000;
  if (now - start.uptime_in_seconds * 1_000 >= updatedAt) return false;
  const asShown = comparisonsOf(expected, instance)
    .filter(({ wanted, actual }) => wanted === actual)
    .map(({ field }) => field);
  return checks.some((check) => {
    return check.follows !== undefined && asShown.includes(check.follows) && resultOf(check, context).status === "fail";
  });
}
