import { behaviour } from "./behaviour.ts";
import { bookkeeping } from "./bookkeeping.ts";
import { checks } from "./checks.ts";
import { cost } from "./cost.ts";
import { dataLoss } from "./data-loss.ts";
import { exposure } from "./exposure.ts";
import { refused } from "./refused.ts";
import { restart } from "./restart.ts";
import type { Rule } from "./rule.ts";
import { use } from "./use.ts";

/** Everything that a review looks for. */
export const allRules: readonly Rule[] = [
  ...dataLoss,
  ...refused,
  ...restart,
  ...behaviour,
  ...use,
  ...exposure,
  ...cost,
  ...checks,
  ...bookkeeping,
];
