import { changeOf } from "../../../render/instance-attributes.ts";
import { isDowngrade, knownPlan, type Plan } from "../../../render/plans.ts";
import { UNKNOWN } from "./attribute-change.ts";
import { causesOf, type ResourceChange, textOf } from "./resource-change.ts";

/** What the rules ask about a change of an instance. */

export function isInstance({ type }: ResourceChange): boolean {
  return type === "render_keyvalue" || type === "render_redis";
}

/** Whether it makes a new instance, beside another or in its place. */
export function makesInstance(change: ResourceChange): boolean {
  return isInstance(change) && (change.action === "create" || change.action === "replace");
}

/** An update in place, which Terraform shows as `~` whatever it does to the data. */
export function isUpdate(change: ResourceChange): boolean {
  return isInstance(change) && change.action === "update";
}

/** A plan that the catalogue knows; `undefined` when there is none or Render has none of this name. */
export function planOf(change: ResourceChange, side: "before" | "after"): Plan | undefined {
  return knownPlan(textOf(change[side], "plan"));
}

/** Whether the plan becomes another one. `1g` and `standard` are the same. */
export function changesPlan(change: ResourceChange): boolean {
  return causesOf(change, ["plan"]).length > 0 && !isRenamedPlan(change);
}

/** Whether only the name of the plan differs: Render renamed its plans and still takes the old names. */
export function isRenamedPlan(change: ResourceChange): boolean {
  const before = planOf(change, "before");
  return causesOf(change, ["plan"]).length > 0 && before !== undefined && before === planOf(change, "after");
}

export function isRefusedDowngrade(change: ResourceChange): boolean {
  const [before, after] = [planOf(change, "before"), planOf(change, "after")];
  return isUpdate(change) && before !== undefined && after !== undefined && isDowngrade(before, after);
}

export function leavesFree(change: ResourceChange): boolean {
  return isUpdate(change) && planOf(change, "before") === "free" && changesPlan(change);
}

/** The changes that make Render restart the instance. */
export function restartCauses(change: ResourceChange) {
  return change.attributes.filter(({ attribute, after }) => {
    if (attribute === "plan" && !changesPlan(change)) return false;
    return after !== UNKNOWN && changeOf(attribute)?.changing.restarts !== undefined;
  });
}

export function changesPersistenceToOrFromOff(change: ResourceChange): boolean {
  return causesOf(change, ["persistence_mode"]).some(
    ({ before, after }) => (before === "off") !== (after === "off") && after !== UNKNOWN,
  );
}
