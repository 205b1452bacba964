import { type AttributeChange, UNKNOWN } from "./attribute-change.ts";
import { isInstance, isRenamedPlan } from "./instance-change.ts";
import type { ResourceChange } from "./resource-change.ts";
import { referencesOf, type TerraformPlan } from "./terraform-plan.ts";

/** What stands around a change. */
export interface ChangeContext {
  readonly plan: TerraformPlan;
  /** Every change of the plan; those that do nothing as well. */
  readonly changes: readonly ResourceChange[];
}

/**
 * Whether a change is only the provider's: it recomputes attributes at every update, so whatever is built from them
 * looks as if it changed; and Render may show a plan under another of its names.
 */
export function isNoise(change: ResourceChange, context: ChangeContext): boolean {
  if (change.action !== "update" || change.attributes.length === 0) return false;
  return realAttributes(change, context).length === 0;
}

/** The attributes of an update that somebody asked for, or whose value will really be another one. */
export function realAttributes(change: ResourceChange, context: ChangeContext): AttributeChange[] {
  const isRename = isInstance(change) && isRenamedPlan(change);
  return change.attributes.filter(({ attribute, after }) => {
    if (isRename && attribute === "plan") return false;
    return after !== UNKNOWN || !isRecomputed(change, attribute, context);
  });
}

/**
 * Whether an unknown value will be what it was. Nobody set it; or it was, so far, just what it refers to, and that
 * belongs to a resource that stays.
 */
function isRecomputed(change: ResourceChange, attribute: string, context: ChangeContext): boolean {
  if (change.type === "output") return true;
  const path = attribute.split(".");
  const references = referencesOf(context.plan, change.address, path[0] ?? "");
  if (references === undefined) return true;
  const was = change.digestOf("before", path);
  return references.some((reference) =>
    context.changes.some(
      (other) =>
        other.action !== "replace" &&
        reference.startsWith(`${other.address}.`) &&
        was !== undefined &&
        was === other.digestOf("before", reference.slice(other.address.length + 1).split(".")),
    ),
  );
}
