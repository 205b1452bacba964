import { STEP_IDS, STEPS, type StepId, stepOfCommand, stepOfResource } from "../../../steps/steps.ts";
import type { ResourceChange } from "../plan/resource-change.ts";
import { configuredAddress, provisionerCommands } from "../plan/terraform-plan.ts";
import type { Kind } from "./consequence.ts";
import type { RuleContext } from "./rule.ts";

/** A command that an apply runs at a place in the graph, in a `null_resource` or `terraform_data`. */
export interface PlannedStep {
  /** `other` for somebody else's command. */
  readonly id: StepId | "other";
  readonly when: "create" | "destroy";
  readonly kind: Kind;
  readonly says: string;
}

const OTHER: PlannedStep = {
  id: "other",
  when: "create",
  kind: "checks",
  says: "Runs a command that this project does not know.",
};

/** Every step that there can be. */
export const PLANNED_STEPS: readonly PlannedStep[] = [...STEP_IDS.map((id) => ({ id, ...STEPS[id] })), OTHER];

export function isStep({ type }: ResourceChange): boolean {
  return type === "null_resource" || type === "terraform_data";
}

/** The step that a resource is; `undefined` when it is none. One that does anything beside our command is not ours. */
export function stepOf(change: ResourceChange, { plan }: Pick<RuleContext, "plan">): PlannedStep | undefined {
  if (!isStep(change)) return undefined;
  const commands = provisionerCommands(plan, change.address);
  const name = configuredAddress(change.address).slice(change.type.length + 1);
  const ids = commands.length === 0 ? [stepOfResource(name)] : commands.map(stepOfCommand);
  const [id] = ids;
  return PLANNED_STEPS.find((step) => step.id === id && ids.every((other) => other === id)) ?? OTHER;
}

/** Whether the step runs in this apply. */
export function runs(change: ResourceChange, context: Pick<RuleContext, "plan">): boolean {
  const when = stepOf(change, context)?.when;
  return when !== undefined && (change.action === "replace" || change.action === MOMENTS[when]);
}

const MOMENTS = { create: "create", destroy: "delete" } as const;

/** Whether such a step runs in this apply. */
export function runsAny(id: StepId, context: RuleContext): boolean {
  return context.changes.some((change) => stepOf(change, context)?.id === id && runs(change, context));
}
