import type { Diagnostic } from "./diagnostic.ts";
import { type AttributePath, formatPath } from "./diagnostic.ts";
import type { Attribute, Attributes, Schema } from "./schema.ts";
import { isObject, isSet, type ObjectValue, UNKNOWN, type Value } from "./value.ts";

/**
 * What the schema finds wrong with a configuration, in the words of terraform-plugin-framework. A value that is not known
 * yet is not judged.
 */
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
    const rule = `Must set a configuration value for the ${formatPath(path)} attribute as the provider has marked it as required.`;
    found.push({ summary: "Missing Configuration for Required Attribute", detail: rule, path });
  }
  if (attribute.computed && !attribute.optional && value !== null) {
    const rule =
      "Cannot set value for this attribute as the provider has marked it as read-only. Remove the configuration line setting " +
      "the value.";
    found.push({ summary: "Invalid Configuration for Read-Only Attribute", detail: rule, path });
  }
  const { conflictsWith, atLeastOneOf } = attribute;
  if (conflictsWith !== undefined && isConfigured(value) && isConfigured(siblings[conflictsWith] ?? null)) {
    const [one, other] = [beside(path, conflictsWith), formatPath(path)].map((text) => JSON.stringify(text));
    const detail = `Attribute ${one} cannot be specified when ${other} is specified`;
    found.push({ summary: "Invalid Attribute Combination", detail, path });
  }
  if (atLeastOneOf !== undefined && value === null && (siblings[atLeastOneOf] ?? null) === null) {
    const detail = `At least one attribute out of [${formatPath(path)}.<.${atLeastOneOf}] must be specified`;
    found.push({ summary: "Invalid Attribute Combination", detail, path });
  }
  return found;
}

function validateValue(attribute: Attribute, value: Value, path: AttributePath): Diagnostic[] {
  const { type, nonEmpty, oneOf, orMatches, minItems } = attribute;
  if (nonEmpty && value === "") {
    return [invalid("Invalid Attribute Value Length", path, "string length must be at least 1, got: 0")];
  }
  if (oneOf !== undefined && typeof value === "string" && !oneOf.includes(value) && !orMatches?.test(value)) {
    const rule = `value must be one of: [${oneOf.map((text) => JSON.stringify(text)).join(" ")}], got: ${JSON.stringify(value)}`;
    const pattern = `value must match regular expression '${orMatches?.source}', got: ${value}`;
    return [rule, ...(orMatches === undefined ? [] : [pattern])].map((each) =>
      invalid("Invalid Attribute Value Match", path, each),
    );
  }
  if (minItems !== undefined && size(value) < minItems) {
    const rule = `${isSet(value) ? "set" : "map"} must contain at least ${minItems} elements, got: ${size(value)}`;
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
  return { summary, detail: `Attribute ${formatPath(path)} ${rule}`, path };
}

/** The path of an attribute in the same object. */
function beside(path: AttributePath, attributeName: string): string {
  return formatPath([...path.slice(0, -1), { attributeName }]);
}
