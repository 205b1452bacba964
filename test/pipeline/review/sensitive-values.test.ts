import fc from "fast-check";
import { expect, test } from "vitest";
import { sensitiveValues } from "../../../pipeline/review/plan/sensitive-values.ts";
import { terraformPlanSchema } from "../../../pipeline/review/plan/terraform-plan.ts";

/** A value, its mask, and the texts in it that the mask covers and does not cover. */
interface Masked {
  readonly value: unknown;
  readonly mask: unknown;
  readonly hidden: readonly string[];
  readonly shown: readonly string[];
}

const text = fc.stringMatching(/^[a-z0-9]{16,20}$/);
const key = fc.stringMatching(/^[a-z]{1,4}$/);

const masked = fc.letrec<{ any: Masked }>((tie) => ({
  any: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    text.map((value): Masked => ({ value, mask: true, hidden: [`hidden-${value}`], shown: [] })),
    text.map((value): Masked => ({ value, mask: false, hidden: [], shown: [value] })),
    fc.oneof(fc.integer(), fc.constant(null)).map((value): Masked => ({ value, mask: true, hidden: [], shown: [] })),
    // The whole is sensitive, whatever stands in it, however deep.
    tie("any").map((part): Masked => ({ ...whole(part), mask: true, shown: [] })),
    fc.dictionary(key, tie("any")).map((parts) => join(parts, (entries) => Object.fromEntries(entries))),
    fc
      .array(tie("any"), { maxLength: 3 })
      .map((parts) => join(Object.fromEntries(parts.entries()), (entries) => entries.map(([, part]) => part))),
  ),
})).any;

function whole({ value, hidden, shown }: Masked): Omit<Masked, "mask"> {
  return { value: { in: value }, hidden: [...hidden, ...shown.map((one) => `hidden-${one}`)], shown: [] };
}

function join(parts: Readonly<Record<string, Masked>>, shape: (entries: [string, unknown][]) => unknown): Masked {
  const entries = Object.entries(parts);
  return {
    value: shape(entries.map(([name, part]) => [name, part.value])),
    mask: shape(entries.map(([name, part]) => [name, part.mask])),
    hidden: entries.flatMap(([, part]) => part.hidden),
    shown: entries.flatMap(([, part]) => part.shown),
  };
}

const SIDES = ["resource", "drift", "output"] as const;

test("every text that a plan marks as sensitive is found, however deep it stands, and no other", () => {
  fc.assert(
    fc.property(masked, masked, fc.constantFrom(...SIDES), (before, after, side) => {
      const change = {
        actions: ["update"],
        before: before.value,
        before_sensitive: before.mask,
        after: after.value,
        after_sensitive: after.mask,
      };
      const resource = { address: "a.b", mode: "managed", type: "a", change };
      const plan = terraformPlanSchema.parse({
        format_version: "1.2",
        resource_changes: side === "resource" ? [resource] : [],
        resource_drift: side === "drift" ? [resource] : [],
        output_changes: side === "output" ? { url: change } : {},
      });
      const expected = [...before.hidden, ...after.hidden].map((one) => one.replace("hidden-", ""));
      expect([...sensitiveValues(plan)].sort()).toEqual(expected.sort());
    }),
    { numRuns: 300 },
  );
});

test("short texts are no secrets", () => {
  const change = {
    actions: ["create"],
    after: { a: "x".repeat(5), b: "y".repeat(6) },
    after_sensitive: { a: true, b: true },
  };
  const plan = terraformPlanSchema.parse({ format_version: "1.2", output_changes: { url: change } });
  expect([...sensitiveValues(plan)]).toEqual(["y".repeat(6)]);
});
