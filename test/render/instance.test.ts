import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { propertyName } from "../../render/field.ts";
import {
  type Change,
  comparisonsOf,
  EFFECTS,
  type Effect,
  expectedInstance,
  expectedInstanceSchema,
  INSTANCE,
  instanceSchema,
  triggersOf,
} from "../../render/instance.ts";
import { ATTRIBUTES, attributesOf } from "../../render/instance-attributes.ts";
import { parsePlan } from "../../render/plans.ts";
import { KEYVALUE_ATTRIBUTES } from "../../render/terraform-schema.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const effects = z.array(z.enum(["none", "restarts", "loses", "replaces"] satisfies Effect[]));

/** What the docstring right above a property says of changing it: "replaces the instance, which loses data" names two effects. */
function toldIn(file: string, property: string): Effect[] {
  const source = readFileSync(join(REPOSITORY, file), "utf8");
  const found = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*(?:readonly )?${property}\\??:`).exec(source);
  const text = found?.[1]?.replaceAll(/\s*\n\s*\*\s?/g, " ") ?? "";
  const changing = /Changing it.*/.exec(text)?.[0] ?? "";
  return effects.parse(Object.keys(EFFECTS)).filter((effect) => changing.includes(EFFECTS[effect]));
}

function effectsOf({ changing }: Change): Effect[] {
  return effects.parse(Object.keys(changing));
}

/** Memory follows the plan; internal authentication is not changed from here. */
const FIELDS = Object.entries(INSTANCE).filter(([name]) => name !== "memory" && name !== "internalAuthentication");

test.each(FIELDS)("the docstring of %s says of a change what the review says", (name, field) => {
  expect(toldIn("render/instance.ts", name).toSorted()).toEqual(effectsOf(field).toSorted());
});

/** The provider's resource is told of in less words: there a replacement is not explained. */
test.each([...ATTRIBUTES])("the docstring of the resource's %s says nothing else", (attribute, change) => {
  const told = toldIn("constructs/render/keyvalue.ts", propertyName(attribute));
  expect(told.length).toBeGreaterThan(0);
  for (const effect of told) expect(effectsOf(change)).toContain(effect);
});

test("every attribute that can be set is one of which it is known what changing it does", () => {
  const settable = Object.entries(KEYVALUE_ATTRIBUTES)
    .filter(([, attribute]) => attribute.required || attribute.optional)
    .map(([name]) => name);
  expect([...ATTRIBUTES.keys()].toSorted()).toEqual(settable.toSorted());
});

test("whatever restarts says for how long", () => {
  for (const change of ATTRIBUTES.values()) expect("away" in change).toBe("restarts" in change.changing);
});

const INSTANCE_OF_OURS = instanceSchema.parse({
  name: "queues",
  region: "oregon",
  plan: "pro",
  environmentId: undefined,
});

test("Terraform is told all of an instance but what only this project knows", () => {
  expect(attributesOf(INSTANCE_OF_OURS)).toEqual({
    name: "queues",
    region: "oregon",
    plan: "pro",
    maxMemoryPolicy: "noeviction",
    persistenceMode: "journal_snapshot",
    ipAllowList: [],
    environmentId: undefined,
  });
});

test("what the checks prove is told in the order of the table, and each has a trigger", () => {
  const told = expectedInstance({ name: "test" }, INSTANCE_OF_OURS);
  const names = ["name", "region", "plan", "evictionPolicy", "persistence", "ipAllowList", "internalAuthentication"];
  expect(Object.keys(told)).toEqual(["environment", ...names]);
  expect(expectedInstanceSchema.parse(JSON.parse(JSON.stringify(told)))).toEqual(told);
  expect(triggersOf(INSTANCE_OF_OURS)).toEqual({
    name: "queues",
    region: "oregon",
    plan: "pro",
    eviction_policy: "noeviction",
    persistence: "journal_snapshot",
    ip_allow_list: "[]",
    internal_authentication: "false",
  });
});

test.each(["name", "plan", "evictionPolicy", "persistence", "ipAllowList", "internalAuthentication"])(
  "the checks are not told of an instance without %s: nothing is made up",
  (name) => {
    const told = { ...expectedInstance({ name: "test" }, INSTANCE_OF_OURS), [name]: undefined };
    expect(expectedInstanceSchema.safeParse(told).success).toBe(false);
  },
);

test.each([
  ["a queue never evicts", {}, { role: "queue", evictionPolicy: "noeviction" }],
  ["a cache evicts what is used least", { role: "cache" }, { role: "cache", evictionPolicy: "allkeys_lru" }],
  ["a cache may do otherwise", { role: "cache", evictionPolicy: "volatile-ttl" }, { evictionPolicy: "volatile_ttl" }],
] as const)("%s where nothing else is said", (_, said, decided) => {
  expect(instanceSchema.parse({ name: "a", region: "oregon", plan: "pro", ...said })).toMatchObject(decided);
});

test.each([
  [{ role: "queue", queues: ["celrey"] }, /must be one of bullmq, .*"celrey". Did you mean "celery"/],
  [{ role: "cash" }, /must be one of queue, cache, got: "cash". Did you mean "cache"/],
  [{ role: "cache", queues: ["bullmq"] }, /must be left out: a cache has no queues/],
])("%o is refused", (said, message) => {
  const parsed = instanceSchema.safeParse({ name: "a", region: "oregon", plan: "pro", ...said });
  expect(parsed.error?.issues.map((issue) => issue.message).join()).toMatch(message);
});

test("the steps are told of a role and of production where they would not think so themselves", () => {
  const cache = instanceSchema.parse({ name: "a", region: "oregon", plan: "pro", role: "cache" });
  const told = expectedInstance({ name: "production", production: false }, cache);
  expect(told).toMatchObject({ environment: "production", production: false, role: "cache" });
  expect(expectedInstanceSchema.parse(JSON.parse(JSON.stringify(told)))).toEqual(told);
  expect(triggersOf(cache)).toMatchObject({ role: "cache" });
  const usual = expectedInstance({ name: "production", production: true }, INSTANCE_OF_OURS);
  expect([Object.hasOwn(usual, "role"), Object.hasOwn(usual, "production")]).toEqual([false, false]);
});

test("an instance is compared with what Render shows, by either name of its plan", () => {
  const options = { maxmemoryPolicy: "noeviction", persistenceMode: "snapshot" };
  const compared = (plan: string, shown: string) =>
    comparisonsOf(
      { ...expectedInstance({ name: "test" }, INSTANCE_OF_OURS), plan: parsePlan(plan) },
      { name: "queues", region: "oregon", plan: shown, options },
    );
  expect(compared("pro", "5g")).toEqual([
    { field: "name", wanted: "queues", actual: "queues" },
    { field: "region", wanted: "oregon", actual: "oregon" },
    { field: "plan", wanted: "pro", actual: "pro" },
    { field: "eviction policy", wanted: "noeviction", actual: "noeviction" },
    { field: "persistence", wanted: "journal_snapshot", actual: "snapshot" },
  ]);
  expect(compared("CustomBig", "custom")[2]).toMatchObject({ wanted: "CustomBig", actual: "CustomBig" });
  expect(compared("pro", "custom")[2]).toMatchObject({ wanted: "pro", actual: "custom" });
});
