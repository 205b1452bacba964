import { type AttributePath, formatPath } from "./diagnostic.ts";
import type { Attributes, AttributeType, Schema } from "./schema.ts";
import { type ObjectValue, UNKNOWN, type Value } from "./value.ts";

/**
 * What came over the wire, or out of a state file, as a value of the schema. Attributes that are missing, as in the
 * state of an older provider, are null; those that the schema does not have are dropped.
 *
 * @throws TypeError naming the attribute that has the wrong type; it never shows a value.
 */
export function conform(schema: Schema, raw: unknown): ObjectValue | null {
  if (raw === null || raw === undefined) return null;
  return conformObject(schema.attributes, raw, []);
}

function conformType(type: AttributeType, raw: unknown, path: AttributePath): Value {
  if (raw === null || raw === undefined) return null;
  if (raw === UNKNOWN) return UNKNOWN;
  if (type === "string") return typeof raw === "string" ? raw : mismatch("a string", path);
  if (type === "bool") return typeof raw === "boolean" ? raw : mismatch("a bool", path);
  if ("object" in type) return conformObject(type.object, raw, path);
  if ("set" in type) {
    if (!Array.isArray(raw)) return mismatch("a set", path);
    return raw.map((element: unknown) => conformElement(type.set, element, path));
  }
  if (!isRecord(raw)) return mismatch("a map", path);
  return Object.fromEntries(
    Object.entries(raw).map(([key, element]) => [
      key,
      conformElement(type.map, element, [...path, { elementKeyString: key }]),
    ]),
  );
}

function conformElement(type: "string" | Attributes, raw: unknown, path: AttributePath): Value {
  return conformType(type === "string" ? type : { object: type }, raw, path);
}

function conformObject(attributes: Attributes, raw: unknown, path: AttributePath): ObjectValue {
  if (!isRecord(raw)) return mismatch("an object", path);
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type }]) => [
      name,
      conformType(type, raw[name], [...path, { attributeName: name }]),
    ]),
  );
}

function isRecord(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function mismatch(expected: string, path: AttributePath): never {
  throw new TypeError(`${path.length === 0 ? "the value" : formatPath(path)} is not ${expected}, as the schema says.`);
}
