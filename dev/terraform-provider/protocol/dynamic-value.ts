import { decode, ExtData, type ExtensionCodecType, encode } from "@msgpack/msgpack";
import { conform } from "../framework/conform.ts";
import type { Schema } from "../framework/schema.ts";
import { type ObjectValue, UNKNOWN } from "../framework/value.ts";

/** A value on the wire. */
export interface DynamicValue {
  readonly msgpack: Uint8Array;
}

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
