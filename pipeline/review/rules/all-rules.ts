import type { Rule } from "./rule.ts";
import { behaviour } from "./rules/behaviour.ts";
import { bookkeeping } from "./rules/bookkeeping.ts";
import { checks } from "./rules/checks.ts";
import { cost } from "./rules/cost.ts";
import { dataLoss } from "./rules/data-loss.ts";
import { duplicate } from "./rules/duplicate.ts";
import { exposure } from "./rules/exposure.ts";
import { redeploy } from "./rules/redeploy.ts";
import { refused } from "./rules/refused.ts";
import { restart } from "./rules/restart.ts";

/** Everything that a review looks for. */
export const allRules: readonly Rule[] = [
  ...dataLoss,
  ...refused,
  ...duplicate,
  ...restart,
  ...behaviour,
  ...redeploy,
  ...exposure,
  ...cost,
  ...checks,
  ...bookkeeping,
];
