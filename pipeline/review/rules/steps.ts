import type { ResourceChange } from "../plan/resource-change.ts";
import { provisionerCommands } from "../plan/terraform-plan.ts";
import type { Kind } from "./consequence.ts";
import type { RuleContext } from "./rule.ts";

/** A kind of command that the apply runs at a place in the graph, in a `null_resource` or `terraform_data`. */
export interface StepKind {
  readonly name: "roll-out" | "leave" | "drain" | "preflight" | "check" | "command";
  /** Told by the command; by the address once that has left the configuration. */
  readonly pattern: RegExp;
  /** Whether it runs when its resource is created, or when that is destroyed. */
  readonly runs: "create" | "destroy";
  readonly kind: Kind;
  readonly says: string;
}

/** The first that fits decides. */
export const STEP_KINDS: readonly StepKind[] = [
  {
    name: "leave",
    pattern: /leave/i,
    runs: "destroy",
    kind: "redeploy",
    says: "The backend is deployed once more, without the variables, so that what runs lets go of the Redis.",
  },
  {
    name: "roll-out",
    pattern: /roll[_-]?out|deploy/i,
    runs: "create",
    kind: "redeploy",
    says: "The backend is deployed again, so that it reads its variables. The apply waits until the deploy is live.",
  },
  {
    name: "drain",
    pattern: /drain/i,
    runs: "destroy",
    kind: "behaviour",
    says: "The backend works off what still waits in the instance before that is destroyed; should it fail, the instance stays.",
  },
  {
    name: "preflight",
    pattern: /preflight/i,
    runs: "create",
    kind: "checks",
    says: "First of all Render is asked whether this can be deployed; a refusal stops the apply before anything changes.",
  },
  {
    name: "check",
    pattern: /check|verify|proof/i,
    runs: "create",
    kind: "checks",
    says: "The checks run; one that fails stops the apply there.",
  },
  { name: "command", pattern: /^/, runs: "create", kind: "checks", says: "The apply runs a command of its own." },
];

export function isStep({ type }: ResourceChange): boolean {
  return type === "null_resource" || type === "terraform_data";
}

/** What kind of step a resource is; `undefined` when it is none. */
export function stepKind(change: ResourceChange, { plan }: Pick<RuleContext, "plan">): StepKind | undefined {
  if (!isStep(change)) return undefined;
  const commands = provisionerCommands(plan, change.address);
  const texts = commands.length === 0 ? [change.address] : commands;
  return STEP_KINDS.find(({ pattern }) => texts.some((text) => pattern.test(text)));
}

/** Whether the step runs in this apply. */
export function runs(change: ResourceChange, context: Pick<RuleContext, "plan">): boolean {
  const moment = stepKind(change, context)?.runs;
  return moment !== undefined && (change.action === "replace" || change.action === MOMENTS[moment]);
}

const MOMENTS = { create: "create", destroy: "delete" } as const;

/** Whether a step of this kind runs in this apply. */
export function runsAny(name: StepKind["name"], context: RuleContext): boolean {
  return context.changes.some((change) => stepKind(change, context)?.name === name && runs(change, context));
}
