import { expect, test } from "vitest";
import { readPlan } from "../../../pipeline/review/plan/planned.ts";
import { sensitiveValues } from "../../../pipeline/review/plan/sensitive-values.ts";
import { parseTerraformPlan } from "../../../pipeline/review/plan/terraform-plan.ts";
import { reviewPlan } from "../../../pipeline/review/review.ts";
import { shownReview } from "../../../pipeline/review/shown.ts";
import { secretsOf } from "../../../pipeline/review-stack.ts";
import { SUBJECT } from "./subject.ts";

function shown(plan: object) {
  const planned = readPlan(parseTerraformPlan({ format_version: "1.2", ...plan }));
  return shownReview(reviewPlan(planned, SUBJECT), secretsOf(planned), new Set(sensitiveValues(planned.plan)));
}

const created = (after: unknown, more: object = {}) => ({ actions: ["create"], before: null, after, ...more });
const resource = (address: string, change: object) => ({ address, type: "a", mode: "managed", change });
const URL = "rediss://red-1:p4ssw0rd-of-it@oregon-keyvalue.render.com:6379";

test.each([
  ["in an output without its mark", { output_changes: { leak: created(URL), url: created(URL) } }],
  ["as a part of another value", { output_changes: { leak: { ...created({}), after: `see ${URL} there` } } }],
  ["of which only the password is left", { output_changes: { leak: { ...created({}), after: "p4ssw0rd-of-it" } } }],
  [
    "in a command",
    {
      configuration: {
        root_module: {
          resources: [
            {
              address: "a.x",
              provisioners: [{ type: "local-exec", expressions: { command: { constant_value: `echo ${URL}` } } }],
            },
          ],
        },
      },
    },
  ],
  ["in an address", { resource_changes: [resource("a.p4ssw0rd-of-it", created({}))] }],
])("a secret of the plan is not shown %s", (_where, plan) => {
  const marked = resource("a.b", created({ url: URL }, { after_sensitive: { url: true } }));
  const { resource_changes = [], ...rest } = { resource_changes: [], ...plan };
  const text = JSON.stringify(shown({ resource_changes: [marked, ...resource_changes], ...rest }));
  expect(text).not.toContain("p4ssw0rd-of-it");
});

test("a short secret is not shown where it is all of a value, and one of a state that nothing changes neither", () => {
  const marked = resource("a.b", created({ pin: "73910482" }, { after_sensitive: { pin: true } }));
  const state = { resources: [{ values: { key: "a-key-of-sixteen-1" }, sensitive_values: { key: true } }] };
  const text = JSON.stringify(
    shown({
      resource_changes: [marked],
      prior_state: { values: { root_module: { child_modules: [state] } } },
      output_changes: {
        pin: { ...created({}), after: "73910482" },
        key: { ...created({}), after: "a-key-of-sixteen-1" },
      },
    }),
  );
  expect(text).not.toContain("73910482");
  expect(text).not.toContain("a-key-of-sixteen-1");
});

test("what looks like something else is written by its number", () => {
  const text = JSON.stringify(
    shown({
      resource_changes: [
        resource("null_resource.redis_\u0441hecks", created({})),
        resource("a.b", created({ name: "p\u0430ypal", city: "Köln", greek: "αβγ", back: "a\u202eb", lines: "a\nb" })),
      ],
    }),
  );
  expect(text).toContain("redis_\\\\u{441}hecks");
  expect(text).toContain("p\\\\u{430}ypal");
  expect(text).toContain("a\\\\u{202e}b");
  expect(text).toContain("Köln");
  expect(text).toContain("αβγ");
  expect(text).not.toMatch(/[\u0441\u0430\u202e]/);
});
