import { PLAN_NAMES } from "../../../render/plans.ts";
import { isInstance, isRefusedDowngrade, makesInstance, planOf } from "../plan/instance-change.ts";
import { causesOf, type ResourceChange, textOf } from "../plan/resource-change.ts";
import type { OtherInstance, Rule, RuleContext } from "./rule.ts";

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

/** Instances that have the name already; Render lets several have it. */
function namesakes(change: ResourceChange, { others }: RuleContext): OtherInstance[] {
  const name = textOf(change.after, "name");
  return makesInstance(change) ? others.filter((other) => other.name === name) : [];
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
      textOf(change.after, "plan") !== undefined &&
      planOf(change, "after") === undefined,
    says: () => `Render has no such plan, so the apply fails here. It has ${PLAN_NAMES.join(", ")}, and custom ones.`,
    causes: plan,
    acknowledge: always,
  },
  {
    kind: "duplicate",
    when: (change, context) => namesakes(change, context).length > 0,
    says: (change, context) => {
      const ids = namesakes(change, context).map(({ id }) => id);
      return (
        `Render has an instance of this name already, which Terraform does not know: ${ids.join(", ")}. An apply that was killed left ` +
        "it behind, or somebody made it by hand. This makes one more. To take it over instead: " +
        `terraform -chdir=cdktf.out/stacks/${context.environment} import ${change.address} ${ids[0]}; if nobody needs it, delete it.`
      );
    },
    acknowledge: always,
  },
];
