import { Token } from "cdktf";
import { propertyName } from "../../render/field.ts";
import type { Attributes, AttributeType } from "../../render/terraform-schema.ts";
import { escapeTemplate } from "./escape-template.ts";

/**
 * The JSON that Terraform reads for the properties of a construct: names in Terraform's spelling, texts escaped,
 * properties that are left out left out.
 */
export function toTerraformAttributes(attributes: Attributes, values: object): Record<string, unknown> {
  const given = new Map<string, unknown>(Object.entries(values));
  const result: Record<string, unknown> = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    const value = given.get(propertyName(name));
    if (value !== undefined) result[name] = toTerraformValue(attribute.type, value);
  }
  return result;
}

function toTerraformValue(type: AttributeType, value: unknown): unknown {
  if (typeof value === "string") return escapeTemplate(value);
  if (typeof value !== "object" || value === null || Token.isUnresolved(value)) return value;
  if (typeof type === "string") return value;
  if ("object" in type) return toTerraformAttributes(type.object, value);
  if ("map" in type) {
    const entries = Object.entries(value).map(([key, entry]) => [key, toTerraformValue({ object: type.map }, entry)]);
    return Object.fromEntries(entries);
  }
  const element = type.set === "string" ? type.set : { object: type.set };
  return Array.isArray(value) ? value.map((entry) => toTerraformValue(element, entry)) : value;
}
