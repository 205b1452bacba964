import { notOneOf } from "../../../runtime/errors.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { type AttributePath, formatPath } from "./diagnostic.ts";
import type { Attribute, Attributes, Schema } from "./schema.ts";
import { isObject, isSet, type ObjectValue, UNKNOWN, type Value } from "./value.ts";

/** What the schema finds wrong with a configuration. A value that is not known yet is not judged. */
export function validate(schema: Schema, config: ObjectValue): Diagnostic[] {
  return validateObject(schema.attributes, config, []);
}

function validateObject(attributes: Attributes, config: ObjectValue, parent: AttributePath): Diagnostic[] {
  return Object.entries(attributes).flatMap(([name, attribute]) => {
    const path = [...parent, { attributeName: name }];
    const value = config[name] ?? null;
    return [
      ...validatePresence(attribute, value, config, path),
      ...(value === null || value === UNKNOWN ? [] : validateValue(attribute, value, path)),
    ];
  });
}

function validatePresence(attribute: Attribute, value: Value, siblings: ObjectValue, path: AttributePath) {
  const found: Diagnostic[] = [];
  if (attribute.required && value === null) {
    found.push(invalid("Missing Configuration for Required Attribute", path, "is required, and is not set. Set it."));
  }
  if (attribute.computed && !attribute.optional && value !== null) {
    const rule = "is set by the provider alone. Remove it from the configuration.";
    found.push(invalid("Invalid Configuration for Read-Only Attribute", path, rule));
  }
  const { conflictsWith, atLeastOneOf } = attribute;
  if (conflictsWith !== undefined && isConfigured(value) && isConfigured(siblings[conflictsWith] ?? null)) {
    const rule = `cannot be set together with ${conflictsWith}. Remove one of the two.`;
    found.push(invalid("Invalid Attribute Combination", path, rule));
  }
  if (atLeastOneOf !== undefined && value === null && (siblings[atLeastOneOf] ?? null) === null) {
    const rule = `or ${atLeastOneOf} is required, and neither is set. Set one of the two.`;
    found.push(invalid("Invalid Attribute Combination", path, rule));
  }
  return found;
}

function validateValue(attribute: Attribute, value: Value, path: AttributePath): Diagnostic[] {
  const { type, nonEmpty, oneOf, orMatches, minItems } = attribute;
  if (nonEmpty && value === "") {
    return [invalid("Invalid Attribute Value Length", path, 'must have at least one character, got: "".')];
  }
  if (oneOf !== undefined && typeof value === "string" && !oneOf.includes(value) && !orMatches?.test(value)) {
    const allowed = orMatches === undefined ? oneOf : [...oneOf, `a text that matches ${orMatches.source}`];
    return [invalid("Invalid Attribute Value Match", path, notOneOf(allowed, value, oneOf).message)];
  }
  if (minItems !== undefined && size(value) < minItems) {
    const rule = `must have at least ${minItems} element, got: ${size(value)}. Leave it out, or add one.`;
    return [invalid("Invalid Attribute Value", path, rule)];
  }
  if (type === "string" || type === "bool") return [];
  if ("object" in type) return isObject(value) ? validateObject(type.object, value, path) : [];
  if ("set" in type) {
    const nested = type.set;
    if (nested === "string" || !isSet(value)) return [];
    return value.flatMap((element) => (isObject(element) ? validateObject(nested, element, path) : []));
  }
  const nested = type.map;
  if (nested === "string" || !isObject(value)) return [];
  return Object.entries(value).flatMap(([key, element]) =>
    isObject(element) ? validateObject(nested, element, [...path, { elementKeyString: key }]) : [],
  );
}

function isConfigured(value: Value): boolean {
  return value !== null && value !== UNKNOWN;
}

function size(value: Value): number {
  if (isSet(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}

function invalid(summary: string, path: AttributePath, rule: string): Diagnostic {
  return { summary, detail: `\`${formatPath(path)}\` ${rule}`, path };
}
