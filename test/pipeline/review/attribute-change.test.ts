import { expect, test } from "vitest";
import { attributeChanges, HIDDEN, UNKNOWN } from "../../../pipeline/review/plan/attribute-change.ts";
import { terraformPlanSchema } from "../../../pipeline/review/plan/terraform-plan.ts";

type Raw = Readonly<Record<string, unknown>>;

function changesOf(change: Raw) {
  const plan = terraformPlanSchema.parse({
    format_version: "1.2",
    output_changes: { x: { actions: ["update"], ...change } },
  });
  return Object.values(plan.output_changes).flatMap((one) => attributeChanges(one));
}

test.each<[what: string, change: Raw, expected: object[]]>([
  ["equal values", { before: { a: 1, b: [1] }, after: { a: 1, b: [1] } }, []],
  ["a new value", { before: { a: "x" }, after: { a: "y" } }, [{ attribute: "a", before: "x", after: "y" }]],
  ["what was not there", { before: null, after: { a: "y" } }, [{ attribute: "a", after: "y" }]],
  ["what is gone", { before: { a: { b: true } }, after: { a: null } }, [{ attribute: "a.b", before: "true" }]],
  ["null, which is nothing", { before: { a: null }, after: {} }, []],
  [
    "a value that only the apply tells, and had none",
    { before: { a: null }, after: {}, after_unknown: { a: true } },
    [{ attribute: "a", after: UNKNOWN }],
  ],
  [
    "a part that only the apply tells",
    { before: { a: { b: "x", c: "y" } }, after: { a: { c: "y" } }, after_unknown: { a: { b: true } } },
    [{ attribute: "a.b", before: "x", after: UNKNOWN }],
  ],
  [
    "what one side hides",
    { before: { a: "x" }, after: { a: "y" }, after_sensitive: { a: true } },
    [{ attribute: "a", before: HIDDEN, after: HIDDEN }],
  ],
  [
    "a hidden part of a list, which hides all of it",
    { before: { a: [{ b: 1 }] }, after: { a: [{ b: 2 }] }, before_sensitive: { a: [{ b: true }] } },
    [{ attribute: "a", before: HIDDEN, after: HIDDEN }],
  ],
  [
    "a set in another order",
    { before: { a: [{ b: 1 }, { b: 2 }, { b: 3 }] }, after: { a: [{ b: 3 }, { b: 1 }, { b: 2 }] } },
    [],
  ],
  [
    "a description in JSON, of which only what differs is shown",
    { before: { a: '{"b":1,"c":{"d":2}}' }, after: { a: '{"b":1,"c":{"d":3}}' } },
    [{ attribute: "a.c.d", before: "2", after: "3" }],
  ],
  [
    "JSON that one side hides, which is hidden part by part on the other",
    { before: { a: '{"b":1}' }, after: { a: '{"b":2}' }, before_sensitive: { a: true } },
    [
      { attribute: "a", before: HIDDEN },
      { attribute: "a.b", after: HIDDEN },
    ],
  ],
  [
    "what only looks like JSON",
    { before: { a: "{" }, after: { a: "{}" } },
    [{ attribute: "a", before: "{", after: "{}" }],
  ],
  [
    "a long text, which is cut",
    { before: { a: "x".repeat(200) }, after: { a: "y".repeat(201) } },
    [{ attribute: "a", before: "x".repeat(200), after: `${"y".repeat(200)}…` }],
  ],
  [
    "names in alphabetical order",
    { before: {}, after: { b: 1, a: 2 } },
    [
      { attribute: "a", after: "2" },
      { attribute: "b", after: "1" },
    ],
  ],
])("%s", (_what, change, expected) => {
  expect(changesOf(change)).toEqual(expected);
});
