import { isInstance, isUpdate, restartCauses } from "../plan/instance-change.ts";
import { causesOf, type ResourceChange, reasonText } from "../plan/resource-change.ts";
import type { Rule, RuleContext } from "./rule.ts";
import { formerStepOf, PLANNED_STEPS, runs, runsAny, stepOf } from "./steps.ts";

const kind = "checks";

/** Whether a step that proved something is removed. */
function losesCheck(change: ResourceChange, context: RuleContext): boolean {
  const isGone = change.action === "delete" || change.action === "forget";
  const step = stepOf(change, context) ?? formerStepOf(change, context);
  if (!isGone || change.isDeposed || step?.kind !== "checks") return false;
  // A first apply that failed left nothing but preflight behind: then there was nothing to check.
  return step.id !== "preflight" || context.changes.some((other) => other !== change && other.type !== "output");
}

function goesWithInstance({ changes }: RuleContext): boolean {
  return changes.some((change) => isInstance(change) && !change.isDeposed && change.action === "delete");
}

/** One rule for each kind of step: each says its own sentence when it runs. */
const running: readonly Rule[] = PLANNED_STEPS.map((step) => ({
  kind: step.kind,
  when: (change, context) => stepOf(change, context)?.id === step.id && runs(change, context),
  says: (change) => `${step.says}${reasonText(change)}`,
  causes: (change) => (change.action === "replace" ? causesOf(change, change.replacePaths) : []),
}));

export const checks: readonly Rule[] = [
  ...running,
  {
    kind,
    when: (change, context) => losesCheck(change, context) && !goesWithInstance(context),
    says: () => "This check is removed; what it proved is no longer checked.",
    acknowledge: () => true,
  },
  {
    kind,
    when: (change, context) => losesCheck(change, context) && goesWithInstance(context),
    says: () => "It is removed together with the instance.",
  },
  {
    kind,
    when: (change, context) =>
      isUpdate(change) && restartCauses(change).length > 0 && !runsAny(["checks", "proof"], context),
    says: (_change, { environment }) =>
      `No check in this plan verifies the change. Afterwards run: npm run verify -- ${environment}`,
  },
];
