import { type AttributeChange, UNKNOWN } from "./attribute-change.ts";
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
 * looks as if it changed.
 */
export function isNoise(change: ResourceChange, context: ChangeContext): boolean {
  if (change.action !== "update" || change.attributes.length === 0) return false;
  return realAttributes(change, context).length === 0;
}

const known = new WeakMap<ChangeContext["changes"], WeakMap<ResourceChange, AttributeChange[]>>();

/** The attributes of an update that somebody asked for, or whose value will really be another one. Many rules ask. */
export function realAttributes(change: ResourceChange, context: ChangeContext): AttributeChange[] {
  const all = known.get(context.changes) ?? new WeakMap<ResourceChange, AttributeChange[]>();
  known.set(context.changes, all);
  const real =
    all.get(change) ??
    change.attributes.filter(({ attribute, after }) => after !== UNKNOWN || !isRecomputed(change, attribute, context));
  all.set(change, real);
  return real;
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
  if (was === undefined) return false;
  return references.some((reference) =>
    splits(reference).some(([address, attribute]) => {
      const other = byAddress(context.changes).get(address);
      return other !== undefined && other.action !== "replace" && was === other.digestOf("before", attribute);
    }),
  );
}

/** Every way in which a reference may be an address and an attribute of it. */
function splits(reference: string): [address: string, attribute: string[]][] {
  const parts = reference.split(".").slice(0, 20);
  return parts.slice(1).map((_, index) => [parts.slice(0, index + 1).join("."), parts.slice(index + 1)]);
}

const indexes = new WeakMap<readonly ResourceChange[], ReadonlyMap<string, ResourceChange>>();

/** The changes by address, for those that ask for many. */
function byAddress(changes: readonly ResourceChange[]): ReadonlyMap<string, ResourceChange> {
  const index = indexes.get(changes) ?? new Map(changes.map((change) => [change.address, change] as const));
  indexes.set(changes, index);
  return index;
}
