import { describePrice, PLANS_CHECKED, planFacts } from "../../../render/plans.ts";
import { isInstance, isRefusedDowngrade, planOf } from "../plan/instance-change.ts";
import { causesOf, type ResourceChange } from "../plan/resource-change.ts";
import type { Rule } from "./rule.ts";

/** Dollars a month before and after; `undefined` where the price is not known. */
export interface Cost {
  readonly before: number | undefined;
  readonly after: number | undefined;
}

export function costOf(change: ResourceChange): Cost {
  const side = (which: "before" | "after", exists: boolean) => {
    const plan = planOf(change, which);
    return exists ? plan && planFacts(plan)?.price : 0;
  };
  const { action } = change;
  return { before: side("before", action !== "create"), after: side("after", action !== "delete") };
}

/** `+$22`, `-$10`; nothing when it cannot be said. */
export function difference({ before, after }: Cost): string | undefined {
  if (before === undefined || after === undefined) return undefined;
  return `${after < before ? "-" : "+"}$${Math.abs(after - before)}`;
}

function describe(change: ResourceChange): string {
  const cost = costOf(change);
  const gap = difference(cost);
  const price = (side: "before" | "after") => {
    return cost[side] === undefined ? describePrice(planOf(change, side)) : `$${cost[side]}`;
  };
  return `${price("before")} → ${price("after")} a month${gap === undefined ? "" : ` (${gap})`}, by Render's prices of ${PLANS_CHECKED.on}.`;
}

/** Whether a month costs something else afterwards. */
export function isPriceChange(change: ResourceChange): boolean {
  if (!isInstance(change) || change.action === "forget" || isRefusedDowngrade(change)) return false;
  const { before, after } = costOf(change);
  return before !== after;
}

export const cost: readonly Rule[] = [
  {
    kind: "cost",
    when: isPriceChange,
    says: describe,
    happened: describe,
    causes: (change) => causesOf(change, ["plan"]),
  },
];
