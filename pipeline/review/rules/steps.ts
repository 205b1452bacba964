import { resourceName, STEP_IDS, STEPS, type StepId, stepOfResource } from "../../../steps/steps.ts";
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

type Changes = RuleContext["changes"];
const known = new WeakMap<Changes, ReadonlySet<string>>();

/**
 * The name of the instance or the service that a step is for: the first part of its own. Where nothing in the plan has that
 * name, somebody else chose it, and it says nothing.
 */
export function subjectOf({ address }: ResourceChange, step: PlannedStep, changes: Changes): string | undefined {
  const names = known.get(changes) ?? new Set(changes.filter(({ type }) => /^render_/.test(type)).map(nameOf));
  known.set(changes, names);
  const suffix = resourceName(step.id, "");
  const own = configuredAddress(address).slice("null_resource.".length);
  const subject = own.endsWith(suffix) ? own.slice(0, -suffix.length) : undefined;
  return subject !== undefined && names.has(subject) ? subject : undefined;
}

/** The key under which the environment's file has it: `queue` of `render_keyvalue.queue`. */
export function nameOf({ address }: Pick<ResourceChange, "address">): string {
  return configuredAddress(address).split(".").slice(1).join(".");
}

const running = new WeakMap<Changes, readonly (readonly [id: StepId, subject: string | undefined])[]>();

/** Whether one of these steps runs in this apply, for an instance or a service. */
export function runsAny(
  ids: readonly StepId[],
  context: Pick<RuleContext, "steps" | "changes">,
  of: ResourceChange,
): boolean {
  const { changes } = context;
  const all =
    running.get(changes) ??
    changes.flatMap((change) => {
      const step = runs(change, context) ? stepOf(change, context) : undefined;
      return step === undefined ? [] : [[step.id, subjectOf(change, step, changes)] as const];
    });
  running.set(changes, all);
  return all.some(([id, subject]) => ids.includes(id) && (subject === undefined || subject === nameOf(of)));
}
