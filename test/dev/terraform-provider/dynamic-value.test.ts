import { ExtData, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Attributes, AttributeType } from "../../../dev/terraform-provider/framework/schema.ts";
import { equal, type ObjectValue, UNKNOWN, type Value } from "../../../dev/terraform-provider/framework/value.ts";
import { decodeDynamicValue, encodeDynamicValue } from "../../../dev/terraform-provider/protocol/messages.ts";

/** A name that msgpack's decoder does not refuse to make a property of. */
const key = fc.string().filter((text) => text !== "__proto__");

interface Typed {
  readonly type: AttributeType;
  readonly value: Value;
}

const text: fc.Arbitrary<Typed> = orAbsent("string", fc.string({ unit: "grapheme" }));
const bool: fc.Arbitrary<Typed> = orAbsent("bool", fc.boolean());
const strings = fc.oneof(
  orAbsent({ set: "string" }, fc.array(fc.string())),
  orAbsent({ map: "string" }, fc.dictionary(key, fc.string())),
);

/** An object's attributes and a value for them, some levels deep. */
function object(depth: number): fc.Arbitrary<{ attributes: Attributes; value: ObjectValue }> {
  const nested = depth === 0 ? [] : [nestedIn(object(depth - 1))];
  return fc.dictionary(key, fc.oneof(text, bool, strings, ...nested), { maxKeys: 5 }).map((members) => ({
    attributes: mapEntries(members, ({ type }) => ({ type, optional: true as const })),
    value: mapEntries(members, ({ value }) => value),
  }));
}

function nestedIn(inner: fc.Arbitrary<{ attributes: Attributes; value: ObjectValue }>): fc.Arbitrary<Typed> {
  return inner.chain(({ attributes, value }) =>
    fc.oneof(
      orAbsent({ object: attributes }, fc.constant(value)),
      orAbsent({ set: attributes }, fc.array(fc.constant(value), { maxLength: 3 })),
      orAbsent({ map: attributes }, fc.dictionary(key, fc.constant(value), { maxKeys: 3 })),
    ),
  );
}

function orAbsent(type: AttributeType, value: fc.Arbitrary<Value>): fc.Arbitrary<Typed> {
  return fc.oneof({ weight: 4, arbitrary: value }, fc.constant(null), fc.constant(UNKNOWN)).map((each) => ({
    type,
    value: each,
  }));
}

function mapEntries<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

test("a value survives the wire, unknown and null parts included", () => {
  fc.assert(
    fc.property(object(2), ({ attributes, value }) => {
      const decoded = decodeDynamicValue({ attributes }, encodeDynamicValue(value));
      expect(decoded).toEqual(value);
      expect(equal(decoded, value)).toBe(true);
    }),
  );
});

test("two different values are not equal", () => {
  fc.assert(
    fc.property(fc.tuple(object(1), object(1)), ([one, other]) => {
      const same = JSON.stringify(one.value, tagUnknown) === JSON.stringify(other.value, tagUnknown);
      if (same) expect(equal(one.value, other.value)).toBe(true);
      if (equal(one.value, other.value)) expect(sorted(one.value)).toEqual(sorted(other.value));
    }),
  );
});

test("the order of a set and of keys means nothing", () => {
  fc.assert(
    fc.property(fc.array(object(1), { maxLength: 4 }), (objects) => {
      const set = objects.map(({ value }) => value);
      const turned = set.map((value) => Object.fromEntries(Object.entries(value).reverse())).reverse();
      expect(equal(set, turned)).toBe(true);
    }),
  );
});

test("a missing resource is null", () => {
  expect(decodeDynamicValue({ attributes: {} }, encodeDynamicValue(null))).toBeNull();
});

test("refined unknowns, as newer versions of Terraform send them, are unknown", () => {
  const msgpack = encode({ id: new ExtData(12, encode({ 1: false })) });
  expect(decodeDynamicValue({ attributes: { id: { type: "string" } } }, { msgpack })).toEqual({ id: UNKNOWN });
});

test("attributes that are missing are null, those that the schema does not have are dropped", () => {
  const msgpack = encode({ gone: "x" });
  expect(decodeDynamicValue({ attributes: { id: { type: "string" } } }, { msgpack })).toEqual({ id: null });
});

test.each<[AttributeType, unknown, string]>([
  ["string", 5, "vars is not a string"],
  ["bool", "true", "vars is not a bool"],
  [{ set: "string" }, "s3cret", "vars is not a set"],
  [{ map: "string" }, ["s3cret"], "vars is not a map"],
  [{ map: { value: { type: "string" } } }, { A: { value: ["s3cret"] } }, 'vars["A"].value is not a string'],
  [{ object: { setting: { type: "string" } } }, "s3cret", "vars is not an object"],
])("a wrong type is refused by its path, without the value: %j", (type, value, message) => {
  const msgpack = encode({ vars: value });
  const decoding = () => decodeDynamicValue({ attributes: { vars: { type } } }, { msgpack });
  expect(decoding).toThrow(message);
  expect(decoding).not.toThrow("s3cret");
});

function tagUnknown(_: string, value: unknown): unknown {
  return value === UNKNOWN ? { unknown: true } : value;
}

function sorted(value: ObjectValue): [string, Value][] {
  return Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
}
