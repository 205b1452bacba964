import { STEP_IDS, STEPS, type StepId, stepOfResource } from "../../../steps/steps.ts";
import type { ResourceChange } from "../plan/resource-change.ts";
import { configuredAddress } from "../plan/terraform-plan.ts";
import type { Kind } from "./consequence.ts";
import type { RuleContext } from "./rule.ts";

/** A command of ours that an apply runs at a place in the graph. */
export interface PlannedStep {
  readonly id: StepId;
  readonly when: "create" | "destroy";
  readonly kind: Kind;
  readonly says: string;
}

/** Every step that there can be. */
export const PLANNED_STEPS: readonly PlannedStep[] = STEP_IDS.map((id) => ({ id, ...STEPS[id] }));

type Steps = Pick<RuleContext, "steps">;

/** The step that a resource is, by all of its provisioner; `undefined` when it is none. */
export function stepOf(change: ResourceChange, { steps }: Steps): PlannedStep | undefined {
  const id = change.type === "null_resource" ? steps.get(configuredAddress(change.address)) : undefined;
  return PLANNED_STEPS.find((step) => step.id === id);
}

/**
 * The step that a resource was which the configuration no longer has: by its name. Terraform destroys it and runs
 * nothing, for the command is gone with the rest.
 */
export function formerStepOf(change: ResourceChange, { steps }: Steps): PlannedStep | undefined {
  const name = configuredAddress(change.address);
  const isGone = change.action === "delete" || change.action === "forget";
  if (change.type !== "null_resource" || !isGone || change.isDeposed || steps.has(name)) return undefined;
  const id = stepOfResource(name.slice("null_resource.".length));
  return PLANNED_STEPS.find((step) => step.id === id);
}

/** Whether the step runs in this apply. */
export function runs(change: ResourceChange, context: Steps): boolean {
  const when = stepOf(change, context)?.when;
  return when !== undefined && (change.action === "replace" || change.action === MOMENTS[when]);
}

const MOMENTS = { create: "create", destroy: "delete" } as const;

const running = new WeakMap<RuleContext["changes"], ReadonlySet<StepId>>();

/** Whether one of these steps runs in this apply. */
export function runsAny(ids: readonly StepId[], context: Pick<RuleContext, "steps" | "changes">): boolean {
  const all =
    running.get(context.changes) ??
    new Set(context.changes.flatMap((change) => (runs(change, context) ? (stepOf(change, context)?.id ?? []) : [])));
  running.set(context.changes, all);
  return ids.some((id) => all.has(id));
}
