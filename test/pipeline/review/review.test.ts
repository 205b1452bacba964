import { describe, expect, test } from "vitest";
import { type Planned, readPlan } from "../../../pipeline/review/plan/planned.ts";
import { terraformPlanSchema } from "../../../pipeline/review/plan/terraform-plan.ts";
import {
  acknowledgementsOf,
  type Review,
  type ReviewSubject,
  reviewPlan,
  reviewSchema,
} from "../../../pipeline/review/review.ts";
import { difference } from "../../../pipeline/review/rules/cost.ts";
import { PLAN_EXIT_CODES, worstVerdict } from "../../../pipeline/review/verdict.ts";

const SUBJECT = {
  environment: "staging",
  mode: "change",
  digest: "0".repeat(64),
  paths: { "render_keyvalue.redis": "staging/redis" },
  policy: { warnings: [], exceptions: [] },
  errors: [],
  others: [],
} as const;

const instance = { id: "red-1", name: "redis", plan: "starter", region: "oregon", ip_allow_list: [] };

function planned(changes: readonly object[], drift: readonly object[] = []): Planned {
  const resource = { address: "render_keyvalue.redis", mode: "managed", type: "render_keyvalue" };
  return readPlan(
    terraformPlanSchema.parse({
      format_version: "1.2",
      resource_changes: changes.map((change) => ({ ...resource, ...change })),
      resource_drift: drift.map((change) => ({ ...resource, ...change })),
    }),
  );
}

const consequences = ({ findings }: Review) => findings.map(({ kind, acknowledge }) => [kind, acknowledge]);

test("what an interrupted replacement left behind is told apart, and the review can be saved and read again", () => {
  const deposed = { deposed: "1234abcd", change: { actions: ["delete"], before: instance, after: null } };
  const review = reviewPlan(planned([deposed]), SUBJECT);
  expect(review.changes).toEqual([
    { address: "render_keyvalue.redis", deposed: true, action: "delete", attributes: [], path: "staging/redis" },
  ]);
  expect(review.findings[0]?.consequence).toContain("an earlier apply replaced");
  expect(reviewSchema.parse(JSON.parse(JSON.stringify(review)))).toEqual(review);
});

test.each<[what: string, change: object, expected: [string, boolean][]]>([
  [
    "a new instance",
    { actions: ["create"], before: null, after: instance },
    [
      ["new", false],
      ["cost", false],
    ],
  ],
  [
    "an instance that is destroyed",
    { actions: ["delete"], before: instance, after: null },
    [
      ["data-loss", true],
      ["cost", false],
    ],
  ],
  ["one that is forgotten", { actions: ["forget"], before: instance, after: null }, [["behaviour", true]]],
  [
    "another name",
    { actions: ["update"], before: instance, after: { ...instance, name: "jobs" } },
    [["bookkeeping", false]],
  ],
  [
    "a smaller plan",
    { actions: ["update"], before: { ...instance, plan: "pro" }, after: { ...instance, plan: "starter" } },
    [
      ["refused", true],
      ["checks", false],
    ],
  ],
  [
    "an attribute that no rule knows",
    { actions: ["update"], before: { ...instance, odd: 1 }, after: { ...instance, odd: 2 } },
    [["bookkeeping", false]],
  ],
  ["nothing", { actions: ["no-op"], before: instance, after: instance }, []],
])("%s", (_what, change, expected) => {
  expect(consequences(reviewPlan(planned([{ change }]), SUBJECT))).toEqual(expected);
});

describe("drift", () => {
  const drifted = { change: { actions: ["update"], before: instance, after: { ...instance, plan: "pro", odd: 1 } } };

  test("is told with what no rule speaks of, and waits for nobody", () => {
    const { drift, verdict } = reviewPlan(planned([], [drifted]), { ...SUBJECT, mode: "refresh-only" });
    expect(verdict).toBe("changes");
    expect(drift.map(({ kind, acknowledge }) => [kind, acknowledge])).toEqual([
      ["cost", false],
      ["bookkeeping", false],
    ]);
    expect(drift.at(-1)).toMatchObject({ consequence: "It was changed.", causes: [{ attribute: "odd", after: "1" }] });
  });

  test("of a deleted instance is told once", () => {
    const deleted = { change: { actions: ["delete"], before: instance, after: null } };
    const { drift } = reviewPlan(planned([], [deleted]), { ...SUBJECT, mode: "refresh-only" });
    expect(drift.map(({ kind }) => kind)).toContain("data-loss");
    expect(drift.map(({ consequence }) => consequence)).not.toContain("It was deleted.");
  });

  test("of something else that was deleted is told, too", () => {
    const deleted = { type: "a", address: "a.b", change: { actions: ["delete"], before: {}, after: null } };
    const { drift } = reviewPlan(planned([], [deleted]), SUBJECT);
    expect(drift).toMatchObject([{ consequence: "It was deleted. What it held is lost.", acknowledge: false }]);
  });
});

test("what the provider recomputes is counted, and not shown", () => {
  const update = {
    change: {
      actions: ["update"],
      before: { ...instance, connection_info: "x", version: 1 },
      after: { ...instance, name: "jobs" },
      after_unknown: { connection_info: true, version: true },
    },
  };
  const output = { url: { actions: ["update"], before: "x", after_unknown: true } };
  const plan = readPlan({
    ...planned([update]).plan,
    output_changes: terraformPlanSchema.parse({ format_version: "1.2", output_changes: output }).output_changes,
  });
  const { quiet, changes } = reviewPlan(plan, SUBJECT);
  expect(quiet).toEqual({ attributes: 2, resources: ["output.url"] });
  expect(changes).toMatchObject([{ attributes: [{ attribute: "name", before: "redis", after: "jobs" }] }]);
});

describe("a review of several changes", () => {
  const deleted = (address: string, plan = "starter") => ({
    address,
    change: { actions: ["delete"], before: { ...instance, plan }, after: null },
  });
  const step = { address: 'null_resource.leave["srv-1"]', type: "null_resource", change: { actions: ["create"] } };
  const reviewed = (changes: object[], subject: Partial<ReviewSubject> = {}, drift: object[] = []) =>
    reviewPlan(planned(changes, drift), { ...SUBJECT, ...subject });

  test("is in the order of the addresses, its consequences first in that of their kinds", () => {
    const { changes, findings } = reviewed([deleted("a.c"), step, deleted("a.a"), deleted("a.b")]);
    expect(changes.map(({ address }) => address)).toEqual(["a.a", "a.b", "a.c", step.address]);
    const instances = ["a.a", "a.b", "a.c"];
    expect(findings.map(({ kind, address }) => `${kind} ${address}`)).toEqual([
      ...instances.map((address) => `data-loss ${address}`),
      ...instances.map((address) => `cost ${address}`),
      `bookkeeping ${step.address}`,
    ]);
  });

  test("knows the place of each in the code, also of one that there are several of", () => {
    const { changes, findings } = reviewed([step], { paths: { "null_resource.leave": "staging/leave" } });
    expect([...changes, ...findings].map(({ path }) => path)).toEqual(["staging/leave", "staging/leave"]);
    expect(reviewed([step]).changes[0]).not.toHaveProperty("path");
  });

  test("adds up what they cost, unless a contract has a price", () => {
    const pro = { address: "a.d", change: { actions: ["create"], before: null, after: { ...instance, plan: "pro" } } };
    expect(reviewed([deleted("a.a"), deleted("a.b"), pro]).cost).toEqual({ before: 20, after: 100 });
    expect(reviewed([deleted("a.a"), deleted("a.b", "CustomBig")])).not.toHaveProperty("cost");
    expect(reviewed([step])).not.toHaveProperty("cost");
  });

  test("waits for each acknowledgement once, and fails with an error", () => {
    const forgotten = { address: "a.f", change: { actions: ["forget"], before: instance, after: null } };
    const review = reviewed([deleted("a.b"), { ...deleted("a.b"), deposed: "1" }, step, forgotten]);
    expect(acknowledgementsOf(review)).toEqual(["data-loss:a.b", "behaviour:a.f"]);
    expect(review.verdict).toBe("needs acknowledgement");
    expect(reviewed([step]).verdict).toBe("changes");
    expect(reviewed([forgotten], { errors: ["broken"] })).toMatchObject({ verdict: "failed", errors: ["broken"] });
    expect(reviewed([], {}, [deleted("a.b")]).verdict).toBe("no changes");
    expect(acknowledgementsOf(reviewed([step]))).toEqual([]);
  });
});

test.each([
  [{ before: 10, after: 32 }, "+$22"],
  [{ before: 32, after: 10 }, "-$22"],
  [{ before: 10, after: 10 }, "+$0"],
  [{ before: undefined, after: 10 }, undefined],
  [{ before: 10, after: undefined }, undefined],
])("what a month costs more by %o is %s", (cost, text) => {
  expect(difference(cost)).toBe(text);
});

test.each<[verdicts: Review["verdict"][], worst: Review["verdict"], exitCode: number]>([
  [["no changes", "no changes"], "no changes", 0],
  [["no changes", "changes"], "changes", 2],
  [["needs acknowledgement", "changes"], "needs acknowledgement", 3],
  [["needs acknowledgement", "failed", "changes"], "failed", 1],
  [[], "no changes", 0],
])("of %o the worst is %s", (verdicts, worst, exitCode) => {
  const found = worstVerdict(verdicts.map((verdict) => ({ verdict })));
  expect([found, PLAN_EXIT_CODES[found]]).toEqual([worst, exitCode]);
});
