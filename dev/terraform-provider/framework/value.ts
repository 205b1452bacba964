import { z } from "zod";

/** Stands for a value that is known only after apply. */
export const UNKNOWN: unique symbol = Symbol("(known after apply)");

/** A value of Terraform's, of the types that the resources here have. An array is always a set: its order means nothing. */
export type Value = null | string | boolean | typeof UNKNOWN | SetValue | ObjectValue;

export type SetValue = readonly Value[];

/** An object or a map; which of the two, only the schema knows. */
export interface ObjectValue {
  readonly [key: string]: Value;
}

export function isSet(value: Value): value is SetValue {
  return Array.isArray(value);
}

export function isObject(value: Value): value is ObjectValue {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether two values are the same to Terraform: sets in any order, objects with their keys in any order. */
export function equal(one: Value, other: Value): boolean {
  return canonical(one) === canonical(other);
}

/** A text that two values share exactly when they are equal. */
function canonical(value: Value): string {
  if (value === UNKNOWN) return "unknown";
  if (isSet(value)) return `[${value.map(canonical).sort().join()}]`;
  if (isObject(value)) {
    const entries = Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`);
    return `{${entries.sort().join()}}`;
  }
  return JSON.stringify(value);
}

/** An attribute that need not be set: null and unknown, which to a call of an API are the same, read as `undefined`. */
export function whenSet<T>(type: z.ZodType<T>) {
  return z.preprocess((value) => (value === null || value === UNKNOWN ? undefined : value), type.optional());
}
