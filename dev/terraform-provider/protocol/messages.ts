import { decode, ExtData, type ExtensionCodecType, encode } from "@msgpack/msgpack";
import { z } from "zod";
import { conform } from "../framework/conform.ts";
import type { Diagnostic } from "../framework/diagnostic.ts";
import type { Attribute, Attributes, AttributeType, Schema } from "../framework/schema.ts";
import { type ObjectValue, UNKNOWN } from "../framework/value.ts";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const dynamicValue = z.object({ msgpack: bytes });
const typeName = z.string();

/** The requests of the protocol, as far as the providers here read them. */
export const requests = {
  nothing: z.object({}),
  validateProviderConfig: z.object({ config: dynamicValue }),
  validateResourceConfig: z.object({ typeName, config: dynamicValue }),
  upgradeResourceState: z.object({ typeName, rawState: z.object({ json: bytes }) }),
  configureProvider: z.object({ config: dynamicValue }),
  readResource: z.object({ typeName, currentState: dynamicValue }),
  planResourceChange: z.object({
    typeName,
    priorState: dynamicValue,
    proposedNewState: dynamicValue,
    config: dynamicValue,
  }),
  applyResourceChange: z.object({ typeName, priorState: dynamicValue, plannedState: dynamicValue }),
  importResourceState: z.object({ typeName, id: z.string() }),
};

/** A value on the wire. */
export type DynamicValue = z.infer<typeof dynamicValue>;

/**
 * Unknown values are msgpack extensions. Terraform may send extension 12, whose payload narrows down what the value
 * will be; the protocol allows to ignore that, and to read every other extension as unknown too.
 */
const unknownValues: ExtensionCodecType<undefined> = {
  tryToEncode: (value) => (value === UNKNOWN ? new ExtData(0, new Uint8Array(1)) : null),
  decode: () => UNKNOWN,
};

export function encodeDynamicValue(value: ObjectValue | null): DynamicValue {
  return { msgpack: encode(value, { extensionCodec: unknownValues }) };
}

/** @throws TypeError when the value is not of the schema. */
export function decodeDynamicValue(schema: Schema, value: DynamicValue): ObjectValue | null {
  return conform(schema, decode(value.msgpack, { extensionCodec: unknownValues }));
}

/** The protocol's `Diagnostic` message. */
export function diagnosticMessage({ summary, detail, path }: Diagnostic): object {
  return { severity: "ERROR", summary, detail, ...(path === undefined ? {} : { attribute: { steps: path } }) };
}

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
