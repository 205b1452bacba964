import type { AttributeChange } from "../plan/attribute-change.ts";
import type { Json } from "../plan/configuration.ts";

/** All settings of a block, each in full: what is cut may be what matters. */
export function fieldsOf(name: string, body: Json): AttributeChange[] {
  return Object.entries(body).map(([key, value]) => setting(`${name}.${key}`, value));
}

export function setting(attribute: string, value: unknown): AttributeChange {
  return { attribute, after: text(value) };
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}
