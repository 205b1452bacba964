import { isInstance, isUpdate, restartCauses } from "../plan/instance-change.ts";
import { causesOf, type ResourceChange, reasonText } from "../plan/resource-change.ts";
import type { Rule, RuleContext } from "./rule.ts";
import { formerStepOf, nameOf, PLANNED_STEPS, runs, runsAny, stepOf, subjectOf } from "./steps.ts";

const kind = "checks";

/** Whether a step that proved something is removed. */
function losesCheck(change: ResourceChange, context: RuleContext): boolean {
  const isGone = change.action === "delete" || change.action === "forget";
  const step = stepOf(change, context) ?? formerStepOf(change, context);
  if (!isGone || change.isDeposed || step?.kind !== "checks") return false;
  // A first apply that failed left nothing but preflight behind: then there was nothing to check.
  return step.id !== "preflight" || context.changes.some((other) => other !== change && other.type !== "output");
}

/** What a removed step is removed together with: what it was for; of one for all, any instance. */
function removedWith(change: ResourceChange, context: RuleContext): "instance" | "service" | undefined {
  const step = stepOf(change, context) ?? formerStepOf(change, context);
  const subject = step && subjectOf(change, step, context.changes);
  const removed = context.changes.filter(({ action, isDeposed }) => action === "delete" && !isDeposed);
  const isOwn = (other: ResourceChange) => subject === undefined || nameOf(other) === subject;
  if (removed.some((other) => isInstance(other) && isOwn(other))) return "instance";
  return subject !== undefined && removed.some((other) => other.type === "render_env_group" && isOwn(other))
    ? "service"
    : undefined;
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
    when: (change, context) => losesCheck(change, context) && removedWith(change, context) === undefined,
    says: () => "This check is removed; what it proved is no longer checked.",
    acknowledge: () => true,
  },
  {
    kind,
    when: (change, context) => losesCheck(change, context) && removedWith(change, context) !== undefined,
    says: (change, context) => `It is removed together with the ${removedWith(change, context)}.`,
  },
  {
    kind,
    when: (change, context) =>
      isUpdate(change) && restartCauses(change).length > 0 && !runsAny(["checks"], context, change),
    says: (_change, { environment }) =>
      `No check in this plan verifies the change. Afterwards run: npm run verify -- ${environment}`,
  },
];
