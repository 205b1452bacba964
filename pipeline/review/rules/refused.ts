import { PLAN_NAMES } from "../../../render/plans.ts";
import { PROVIDER_VERSION } from "../../../render/terraform-schema.ts";
import { isInstance, isRefusedDowngrade, isRenamedPlan, makesInstance, planOf } from "../plan/instance-change.ts";
import { causesOf, type ResourceChange, textOf } from "../plan/resource-change.ts";
import type { Rule, RuleContext } from "./rule.ts";

const kind = "refused";
const always = () => true;
const plan = (change: ResourceChange) => causesOf(change, ["plan"]);

/** Whether this change makes a free instance while there is another: Render allows one in a workspace. */
function makesSecondFree(change: ResourceChange, { changes, others }: RuleContext): boolean {
  if (!makesInstance(change) || planOf(change, "after") !== "free") return false;
  const another = changes.some((other) => other !== change && isInstance(other) && planOf(other, "after") === "free");
  const itself = change.createsFirst && planOf(change, "before") === "free";
  return another || itself || others.some(({ plan }) => plan === "free");
}

/** What a new instance, or another plan, comes up against in the workspace. */
export const refused: readonly Rule[] = [
  {
    kind,
    when: isRefusedDowngrade,
    says: () =>
      "Render refuses a smaller plan, so the apply fails here. To go down, create a new instance, carry the data over, and destroy this one.",
    causes: plan,
    acknowledge: always,
  },
  {
    kind,
    when: makesSecondFree,
    says: () => "Render refuses a second free instance in a workspace, so the apply fails here. Take a paid plan.",
    causes: plan,
    acknowledge: always,
  },
  {
    kind,
    when: (change) =>
      isInstance(change) &&
      plan(change).length > 0 &&
      change.action !== "delete" &&
      textOf(change.after, "plan") !== undefined &&
      planOf(change, "after") === undefined,
    says: () => `Render has no such plan, so the apply fails here. It has ${PLAN_NAMES.join(", ")}, and custom ones.`,
    causes: plan,
    acknowledge: always,
  },
  {
    kind: "behaviour",
    when: isRenamedPlan,
    says: (change) =>
      `Render shows the same plan under a newer name, and Terraform sends the older one with every apply. A version of Render's provider after ${PROVIDER_VERSION} that knows ${textOf(change.before, "plan")} ends that.`,
    causes: plan,
  },
];
