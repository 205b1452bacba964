import { expect, test } from "vitest";
import { readPlan } from "../../../pipeline/review/plan/planned.ts";
import { terraformPlanSchema } from "../../../pipeline/review/plan/terraform-plan.ts";

function changeOf(change: object) {
  const resource = { address: "a.b", type: "a", mode: "managed", change };
  const [found] = readPlan(
    terraformPlanSchema.parse({ format_version: "1.2", resource_changes: [resource] }),
  ).resources;
  if (found === undefined) throw new Error("The plan has no resource.");
  return found;
}

test("a rule sees no attribute that holds anything sensitive, and of a sensitive text only its form and its digest", () => {
  const values = { plan: "pro", url: "redis://secret", deep: { a: [{ b: "secret", c: 1 }] }, open: { a: 1 } };
  const mask = { url: true, deep: { a: [{ b: true, c: false }] }, open: { a: false } };
  const change = changeOf({
    actions: ["update"],
    before: values,
    before_sensitive: mask,
    after: values,
    after_sensitive: true,
  });
  expect(change.before).toEqual({ plan: "pro", open: { a: 1 } });
  expect(change.after).toBeUndefined();
  expect(change.matches("before", ["url"], /^redis:/)).toBe(true);
  expect(change.matches("before", ["deep", "nowhere"], /./)).toBe(false);
  expect(change.digestOf("before", ["url"])).toBe(change.digestOf("after", ["url"]));
  expect(change.digestOf("before", ["plan"])).not.toBe(change.digestOf("before", ["url"]));
  expect(change.digestOf("before", ["deep"])).toBeUndefined();
});

test.each([
  [["no-op"], "no-op", false, false],
  [["create"], "create", false, false],
  [["delete", "create"], "replace", false, false],
  [["create", "delete"], "replace", true, false],
  [["create", "forget"], "replace", true, true],
  [["forget"], "forget", false, true],
])("%o is %s", (actions, action, createsFirst, forgets) => {
  expect(changeOf({ actions })).toMatchObject({ action, createsFirst, forgets });
});
