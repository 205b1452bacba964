import type { Attribute, Attributes, AttributeType, Schema } from "../framework/schema.ts";

/** A schema as the protocol's `Schema` message. Constraints, defaults and plan modifiers stay with the provider. */
export function schemaMessage(schema: Schema): object {
  return { version: 0, block: { attributes: attributeMessages(schema.attributes) } };
}

function attributeMessages(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([name, attribute]) => ({
    name,
    ...typeMessage(attribute.type),
    ...flags(attribute),
  }));
}

function flags({ required, optional, computed, sensitive }: Attribute): object {
  return { required, optional, computed, sensitive };
}

/** Plain types travel as a type constraint in JSON, nested attributes as messages of their own. */
function typeMessage(type: AttributeType): object {
  if (typeof type === "string") return typeConstraint(type);
  if ("object" in type) return nested("SINGLE", type.object);
  if ("set" in type) return type.set === "string" ? typeConstraint(["set", "string"]) : nested("SET", type.set);
  return type.map === "string" ? typeConstraint(["map", "string"]) : nested("MAP", type.map);
}

function typeConstraint(constraint: string | readonly string[]): object {
  return { type: Buffer.from(JSON.stringify(constraint)) };
}

function nested(nesting: "SINGLE" | "SET" | "MAP", attributes: Attributes): object {
  return { nestedType: { nesting, attributes: attributeMessages(attributes) } };
}
