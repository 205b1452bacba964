import type { FailureKind } from "../redis/explanations.ts";
import type { KeyValue } from "../render/api/endpoints.ts";
import { lookFromOutside } from "./external.ts";
import { lookFromInside } from "./inside.ts";
import type { Program } from "./program.ts";
import type { Look, LookOptions, PassedOver, Vantage } from "./vantage.ts";

/** The most that the first vantage gets when there is another one. */
const FIRST_SHARE_MS = 20_000;

/** The network may cause these, not the Redis: another vantage may see more. */
const THE_WAY: readonly FailureKind[] = ["NOT_ALLOWED", "NOT_FOUND", "REFUSED", "UNREACHABLE", "TIMEOUT", "CLOSED"];

/** Looks at the running Redis from the vantage that was asked for; `auto` takes the first that works. */
export async function look<Seen>(
  program: Program<Seen>,
  instance: KeyValue,
  vantage: Vantage | "auto",
  options: LookOptions,
): Promise<Look<Seen>> {
  const passedOver: readonly PassedOver[] = [];
  switch (vantage) {
    case "external": {
      const { remainingMs } = options.deadline;
      return { vantage, passedOver, ...(await lookFromOutside(program, instance, options, remainingMs)) };
    }
    case "inside":
      return { vantage, passedOver, ...(await lookFromInside(program, instance, options)) };
    case "api-only": {
      const reason = "nobody looked at the Redis itself: --vantage api-only";
      return { vantage, passedOver, obstacle: { reason, remedy: "Leave --vantage out." } };
    }
    case "auto":
      return lookAround(program, instance, options);
  }
}

async function lookAround<Seen>(program: Program<Seen>, instance: KeyValue, options: LookOptions): Promise<Look<Seen>> {
  const { serviceId, deadline } = options;
  const share = serviceId === undefined ? deadline.remainingMs : Math.min(FIRST_SHARE_MS, deadline.remainingMs / 2);
  const outside = await lookFromOutside(program, instance, options, share);
  if ("seen" in outside) return { vantage: "external", passedOver: [], ...outside };
  const { failure, reason } = outside.obstacle;
  // A wrong certificate or password is a result, not a reason to look elsewhere.
  if (failure !== undefined && !THE_WAY.includes(failure)) return { vantage: "external", passedOver: [], ...outside };
  const notOutside: PassedOver = { vantage: "external", reason };
  const inside = await lookFromInside(program, instance, options);
  if ("seen" in inside || inside.obstacle.failure !== undefined) {
    return { vantage: "inside", passedOver: [notOutside], ...inside };
  }
  const notInside: PassedOver = { vantage: "inside", reason: inside.obstacle.reason };
  // A failed connection tells more than the API alone: report it.
  if (failure !== undefined) return { vantage: "external", passedOver: [notInside], ...outside };
  const obstacle = {
    reason: `${reason}; ${inside.obstacle.reason}`,
    remedy: `${inside.obstacle.remedy} Or: ${outside.obstacle.remedy}`,
  };
  return { vantage: "api-only", passedOver: [notOutside, notInside], obstacle };
}
