import fc from "fast-check";
import { expect, test } from "vitest";
import { formatGithub } from "../../../cli/report/review/github.ts";
import { formatMarkdown } from "../../../cli/report/review/markdown.ts";
import { formatJson } from "../../../cli/report/review/reports.ts";
import { formatTable } from "../../../cli/report/review/table.ts";
import { readPlan } from "../../../pipeline/review/plan/planned.ts";
import { terraformPlanSchema } from "../../../pipeline/review/plan/terraform-plan.ts";
import { type Review, reviewPlan } from "../../../pipeline/review/review.ts";
import { canonicalJson } from "../../../runtime/canonical-json.ts";
import { SUBJECT } from "./subject.ts";

/** Of a plan that came as text, as every plan does. */
function review(plan: unknown): Review {
  return reviewPlan(readPlan(terraformPlanSchema.parse(JSON.parse(JSON.stringify(plan)))), SUBJECT);
}

function everyRendering(result: Review): string {
  return [formatMarkdown, formatTable, formatJson, formatGithub].map((render) => render([result])).join("\n");
}

const secret = fc.stringMatching(/^SECRET[a-z0-9]{4,12}$/);

/** A value with secrets in it, and the mask that covers exactly those. */
const maskedValue = fc.letrec<{ value: { value: unknown; mask: unknown } }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    secret.map((value) => ({ value, mask: true })),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)).map((value) => ({ value, mask: false })),
    // The whole is sensitive, whatever the parts say.
    fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), secret).map((value) => ({ value, mask: true })),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie("value")).map((parts) => ({
      value: Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, part.value])),
      mask: Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, part.mask])),
    })),
    fc.array(tie("value"), { maxLength: 3 }).map((parts) => ({
      value: parts.map((part) => part.value),
      mask: parts.map((part) => part.mask),
    })),
  ),
})).value;

const ATTRIBUTES = [
  "name",
  "plan",
  "region",
  "max_memory_policy",
  "persistence_mode",
  "ip_allow_list",
  "env_vars",
  "triggers",
  "service_ids",
];
const attributes = fc.dictionary(fc.constantFrom(...ATTRIBUTES), maskedValue).map((all) => ({
  value: Object.fromEntries(Object.entries(all).map(([key, part]) => [key, part.value])),
  mask: Object.fromEntries(Object.entries(all).map(([key, part]) => [key, part.mask])),
}));

const change = fc.record({ before: attributes, after: attributes }).map(({ before, after }) => ({
  before: before.value,
  before_sensitive: before.mask,
  after: after.value,
  after_sensitive: after.mask,
  after_unknown: {},
}));

const plan = fc.record({
  format_version: fc.constant("1.2"),
  resource_changes: fc.array(
    fc.record({
      address: fc.constantFrom(
        "render_keyvalue.redis",
        "render_env_group.backend",
        "null_resource.redis_checks",
        "a.b",
      ),
      mode: fc.constant("managed"),
      type: fc.constantFrom("render_keyvalue", "render_env_group", "render_env_group_link", "null_resource", "a"),
      change: fc
        .tuple(
          change,
          fc.constantFrom(["update"], ["create"], ["delete"], ["delete", "create"], ["create", "forget"], ["no-op"]),
        )
        .map(([values, actions]) => ({ ...values, actions, replace_paths: [["region"]] })),
    }),
    { maxLength: 4 },
  ),
  output_changes: fc.dictionary(
    fc.constantFrom("external_url", "deletion_protection"),
    secret.map((value) => ({
      actions: ["update"],
      before: value,
      after: `${value}2`,
      before_sensitive: true,
      after_sensitive: true,
    })),
  ),
});

test("whatever a plan holds, what its masks cover is in no rendering", () => {
  fc.assert(
    fc.property(plan, (anyPlan) => {
      const twice = { ...anyPlan, resource_drift: anyPlan.resource_changes };
      expect(everyRendering(review(twice))).not.toContain("SECRET");
    }),
    { numRuns: 300 },
  );
});

test("the same plan gives the same review, in whatever order its keys stand", () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, part]) => [key, reversed(part)]),
    );
  };
  fc.assert(
    fc.property(plan, (anyPlan) => {
      const one = review(anyPlan);
      expect(canonicalJson(review(reversed(anyPlan) as typeof anyPlan))).toBe(canonicalJson(one));
    }),
    { numRuns: 100 },
  );
});

test("a review of any size fits a comment, says that it was cut, and keeps what is worst", () => {
  const triggers = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, index) => [`trigger_${index}`, "ä".repeat(50)]),
  );
  const big = review({
    format_version: "1.2",
    resource_changes: [
      {
        address: "null_resource.redis_checks",
        mode: "managed",
        type: "null_resource",
        change: { actions: ["create"], before: null, after: { triggers } },
      },
      {
        address: "render_keyvalue.redis",
        mode: "managed",
        type: "render_keyvalue",
        change: { actions: ["delete"], before: { plan: "pro" }, after: null },
      },
    ],
  });
  const text = formatMarkdown([big]);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000);
  expect(Buffer.byteLength(text)).toBeGreaterThan(55_000);
  expect(text).toContain("the instance is destroyed, which loses data.");
  expect(text).toContain("</details>\n\nThe rest is cut");
});

test.each([
  ["plan of a later format", { format_version: "2.0" }, "format_version"],
  ["no plan", { hello: "world" }, "format_version"],
  ["changes that are none", { format_version: "1.2", resource_changes: [{ address: 1 }] }, "resource_changes"],
])("a %s is refused", (_what, input, field) => {
  const parsed = terraformPlanSchema.safeParse(input);
  expect(parsed.error?.issues[0]?.path[0]).toBe(field);
});
