import type { AttributePath } from "./diagnostic.ts";
import type { Attribute, Attributes, AttributeType, Schema } from "./schema.ts";
import { equal, isObject, type ObjectValue, UNKNOWN, type Value } from "./value.ts";

/** What Terraform asks a plan to be made of; null stands for a resource that is not there. */
export interface PlanRequest {
  readonly config: ObjectValue | null;
  readonly priorState: ObjectValue | null;
  /** The configuration, with the prior state's values for computed attributes that it leaves out. */
  readonly proposedNewState: ObjectValue | null;
}

export interface PlannedChange {
  readonly plannedState: ObjectValue | null;
  /** The attributes whose change means a new resource. */
  readonly requiresReplace: readonly AttributePath[];
}

/** Decides about one attribute, given what the configuration says and what is planned so far. */
type Decision = (attribute: Attribute, config: Value, planned: Value) => Value;

/**
 * Plans a change as terraform-plugin-framework does: defaults first; then, when anything at all would change, every
 * computed attribute that the configuration leaves out becomes unknown; then the plan modifiers, which may take that
 * back or ask for a replacement.
 */
export function planChange(schema: Schema, request: PlanRequest): PlannedChange {
  const { config, priorState, proposedNewState } = request;
  if (proposedNewState === null) return { plannedState: null, requiresReplace: [] };
  const withDefaults = decideEach(schema.attributes, config, proposedNewState, orDefault);
  const unchanged = priorState !== null && equal(withDefaults, priorState);
  const planned = unchanged ? withDefaults : decideEach(schema.attributes, config, withDefaults, orUnknown);
  if (priorState === null) return { plannedState: planned, requiresReplace: [] };
  const plannedState = keepState(schema.attributes, planned, priorState);
  return { plannedState, requiresReplace: replacing(schema.attributes, config, priorState, plannedState) };
}

const orDefault: Decision = (attribute, config, planned) => {
  return config === null && attribute.default !== undefined ? attribute.default : planned;
};

const orUnknown: Decision = (attribute, config, planned) => {
  const leftOut = config === null && attribute.computed === true && attribute.default === undefined;
  return leftOut ? UNKNOWN : planned;
};

/** Plan modifiers stand on top-level attributes only; no resource here has one deeper down. */
function keepState(attributes: Attributes, planned: ObjectValue, priorState: ObjectValue): ObjectValue {
  return mapAttributes(attributes, (name, { stateForUnknown }) => {
    const value = planned[name] ?? null;
    return stateForUnknown && value === UNKNOWN ? (priorState[name] ?? null) : value;
  });
}

function replacing(attributes: Attributes, config: ObjectValue | null, prior: ObjectValue, planned: ObjectValue) {
  const paths: AttributePath[] = [];
  for (const [name, { requiresReplace }] of Object.entries(attributes)) {
    const before = prior[name] ?? null;
    const replace =
      requiresReplace === true
        ? !equal(planned[name] ?? null, before)
        : (requiresReplace?.(config?.[name] ?? null, before) ?? false);
    if (replace) paths.push([{ attributeName: name }]);
  }
  return paths;
}

function decideEach(attributes: Attributes, config: Value, planned: ObjectValue, decide: Decision): ObjectValue {
  return mapAttributes(attributes, (name, attribute) => {
    const configured = entry(config, name);
    return decide(attribute, configured, decideInside(attribute.type, configured, planned[name] ?? null, decide));
  });
}

/** Goes into nested attributes. Not into sets: no set here has an attribute with a default or a computed one. */
function decideInside(type: AttributeType, config: Value, planned: Value, decide: Decision): Value {
  if (type === "string" || type === "bool" || "set" in type || !isObject(planned)) return planned;
  if ("object" in type) return decideEach(type.object, config, planned, decide);
  const nested = type.map;
  if (nested === "string") return planned;
  return Object.fromEntries(
    Object.entries(planned).map(([key, element]) => [
      key,
      isObject(element) ? decideEach(nested, entry(config, key), element, decide) : element,
    ]),
  );
}

/** Own entries only: a map's key may well be "constructor". */
function entry(value: Value, key: string): Value {
  return isObject(value) && Object.hasOwn(value, key) ? (value[key] ?? null) : null;
}

function mapAttributes(attributes: Attributes, value: (name: string, attribute: Attribute) => Value): ObjectValue {
  return Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, value(name, attribute)]));
}
