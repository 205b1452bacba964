import { expect, test } from "vitest";
import { readPlan } from "../../../pipeline/review/plan/planned.ts";
import { terraformPlanSchema } from "../../../pipeline/review/plan/terraform-plan.ts";
import { type Review, type ReviewSubject, reviewPlan } from "../../../pipeline/review/review.ts";
import type { Consequence } from "../../../pipeline/review/rules/consequence.ts";
import { STEP_IDS, type StepId } from "../../../steps/steps.ts";
import { filesOf, provisionerOf } from "./configured.ts";
import { SUBJECT as NOTHING_BESIDE } from "./subject.ts";

const SUBJECT = {
  ...NOTHING_BESIDE,
  others: [
    { id: "red-other", name: "twin", plan: "starter" },
    { id: "red-free", name: "free", plan: "free" },
  ],
} as const;

type Change = Readonly<Record<string, unknown>>;

const REDIS = {
  id: "red-1",
  name: "redis",
  plan: "starter",
  region: "oregon",
  max_memory_policy: "noeviction",
  persistence_mode: "journal_snapshot",
  ip_allow_list: [{ cidr_block: "192.0.2.0/24", description: "office" }],
};

function resource(type: string, name: string, change: Change, rest: Change = {}): Change {
  return { address: `${type}.${name}`, mode: "managed", type, change, ...rest };
}
const redis = (change: Change, rest: Change = {}) => resource("render_keyvalue", "redis", change, rest);
const update = (type: string, name: string, before: Change, after: Change) =>
  resource(type, name, { actions: ["update"], before, after });
const updated = (after: Change, before: Change = {}) =>
  update("render_keyvalue", "redis", { ...REDIS, ...before }, { ...REDIS, ...before, ...after });
const created = (after: Change = {}) =>
  redis({ actions: ["create"], before: null, after: { ...REDIS, id: undefined, ...after } });
const deleted = (rest: Change = {}) => redis({ actions: ["delete"], before: REDIS, after: null }, rest);
const replaced = (actions: readonly string[], rest: Change = {}) =>
  redis({ actions, before: REDIS, after: { ...REDIS, region: "ohio" }, replace_paths: [["region"]] }, rest);
const group = (before: Change, after: Change) =>
  update("render_env_group", "backend", { env_vars: before }, { env_vars: after });
const link = (before: unknown, after: unknown, unknown = false) =>
  resource("render_env_group_link", "backend", {
    actions: ["update"],
    before: { service_ids: before },
    after: unknown ? {} : { service_ids: after },
    after_unknown: unknown ? { service_ids: true } : {},
  });
const step = (name: string, actions: readonly string[]) =>
  resource("null_resource", name, { actions, before: {}, after: {} });
const output = (before: unknown, after: unknown) => ({ actions: ["update"], before, after });

interface Case {
  readonly changes?: readonly Change[];
  /** What has happened already when the changes are planned. */
  readonly drift?: readonly Change[];
  readonly outputs?: Readonly<Record<string, Change>>;
  /** What each step is, or its command where it is somebody else's. */
  readonly steps?: Readonly<Record<string, StepId | { readonly command: string }>>;
  /** The other instances of the workspace. */
  readonly others?: ReviewSubject["others"];
  /** What the group's variables, or the link's services, refer to. */
  readonly references?: readonly string[];
}

const ALLOWED = (...blocks: string[]) => ({
  ip_allow_list: blocks.map((cidr_block) => ({ cidr_block, description: "x" })),
});
const URL = { REDIS_URL: { value: "redis://red-1:6379" } };

const CASES: Readonly<Record<string, Case>> = {
  "a new instance": { changes: [created()] },
  "a second free instance": { changes: [created({ plan: "free" })] },
  "a plan that Render does not have": { changes: [updated({ plan: "huge" })] },
  "a smaller plan": { changes: [updated({ plan: "starter" }, { plan: "pro" })] },
  "a larger plan, proven": {
    changes: [updated({ plan: "pro" }), step("redis_checks", ["delete", "create"])],
    steps: { redis_checks: "checks" },
  },
  "a plan by contract": { changes: [updated({ plan: "Custom 64 GB" })] },
  "another name of the same plan": { changes: [updated({ plan: "1g" }, { plan: "standard" })] },
  "leaving free, without persistence": {
    changes: [updated({ plan: "starter" }, { plan: "free", persistence_mode: "off" })],
  },
  "replaced while another instance has the name": {
    changes: [redis({ actions: ["delete", "create"], before: REDIS, after: { ...REDIS, name: "twin" } })],
  },
  "two free instances": {
    others: [],
    changes: [
      created({ plan: "free" }),
      resource("render_keyvalue", "second", { actions: ["create"], before: null, after: { plan: "free" } }),
      resource("render_keyvalue", "third", { actions: ["create"], before: null, after: { plan: "starter" } }),
    ],
  },
  "one free instance, beside a paid one and a free service": {
    others: [],
    changes: [
      created({ plan: "free" }),
      resource("render_keyvalue", "old", { actions: ["delete"], before: { plan: "free" }, after: null }),
      resource("render_keyvalue", "paid", { actions: ["no-op"], before: { plan: "pro" }, after: { plan: "pro" } }),
      update("render_web_service", "web", { plan: "huge" }, { plan: "free" }),
    ],
  },
  "a free instance replaced, the new one first": {
    others: [],
    changes: [redis({ actions: ["create", "delete"], before: { plan: "free" }, after: { plan: "free" } })],
  },
  "a free instance replaced, the old one first": {
    others: [],
    changes: [redis({ actions: ["delete", "create"], before: { plan: "free" }, after: { plan: "free" } })],
  },
  "a free instance in the place of a paid one": {
    others: [],
    changes: [redis({ actions: ["create", "delete"], before: { plan: "starter" }, after: { plan: "free" } })],
  },
  "a service's plan that no instance has": {
    changes: [update("render_web_service", "web", { plan: "starter" }, { plan: "huge" })],
  },
  "a plan that Render no longer has, unchanged": {
    changes: [
      updated({ name: "jobs" }, { plan: "huge" }),
      resource("render_redis", "old", { actions: ["delete"], before: { plan: "huge" }, after: null }),
    ],
  },
  "a command that is only known after the apply": {
    changes: [step("redis_checks", ["create"])],
    steps: { redis_checks: { command: `\${a.b}` } },
  },
  "variables that are sensitive as a whole": {
    changes: [
      resource("render_env_group", "backend", {
        actions: ["update"],
        before: { env_vars: { A: 1 } },
        after: { env_vars: { A: 2 } },
        before_sensitive: { env_vars: true },
        after_sensitive: { env_vars: true },
      }),
    ],
  },
  "a variable that gets a value instead of a generated one": {
    changes: [group({ A: { generate_value: true } }, { A: { value: "x" } })],
  },
  "another URL, which was not the internal one": {
    changes: [group({ A: { value: "http://x" } }, { A: { value: "rediss://x:y@z" } })],
  },
  "leaving free": {
    changes: [
      updated({ plan: "starter", persistence_mode: "journal_snapshot" }, { plan: "free", persistence_mode: "off" }),
    ],
  },
  "persistence off": { changes: [updated({ persistence_mode: "off" })] },
  "fewer promises on disk": { changes: [updated({ persistence_mode: "snapshot" })] },
  "a restart without persistence": { changes: [updated({ plan: "pro" }, { persistence_mode: "off" })] },
  "away from never-evict": { changes: [updated({ max_memory_policy: "allkeys_lru" })] },
  "back to never-evict": {
    changes: [updated({ max_memory_policy: "noeviction" }, { max_memory_policy: "allkeys_lru" })],
  },
  "from one eviction to another": {
    changes: [updated({ max_memory_policy: "allkeys_lfu" }, { max_memory_policy: "allkeys_lru" })],
  },
  "another name": { changes: [updated({ name: "jobs" })] },
  "more addresses": { changes: [updated(ALLOWED("192.0.2.0/24", "198.51.100.0/24"))] },
  "fewer addresses": { changes: [updated(ALLOWED("192.0.2.7/32"))] },
  "open to the internet": { changes: [updated(ALLOWED("0.0.0.0/0"))] },
  "no longer open": { changes: [updated(ALLOWED(), ALLOWED("0.0.0.0/0", "::/0"))] },
  destroyed: { changes: [deleted()] },
  "left behind by an interrupted apply": {
    changes: [
      deleted({ deposed: "1" }),
      resource("render_env_group", "backend", { actions: ["delete"], before: {}, after: null }, { deposed: "2" }),
    ],
  },
  forgotten: { changes: [redis({ actions: ["forget"], before: REDIS, after: null })] },
  "replaced, the old one destroyed first": { changes: [replaced(["delete", "create"])] },
  "replaced, the new one first, because tainted": {
    changes: [replaced(["create", "delete"], { action_reason: "replace_because_tainted" })],
  },
  "replaced on request": { changes: [replaced(["create", "delete"], { action_reason: "replace_by_request" })] },
  "replaced by a trigger": {
    changes: [
      redis({ actions: ["create", "delete"], before: REDIS, after: REDIS }, { action_reason: "replace_by_triggers" }),
    ],
  },
  "replaced by a trigger, and for what it says itself": {
    changes: [replaced(["create", "delete"], { action_reason: "replace_by_triggers" })],
  },
  "replaced, the old one forgotten": { changes: [replaced(["create", "forget"])] },
  "protection removed": { outputs: { deletion_protection: output(true, false) } },
  "protection removed with the instance": {
    changes: [deleted()],
    outputs: { deletion_protection: output(true, null) },
  },
  "protection added": { outputs: { deletion_protection: output(false, true) } },
  moved: {
    changes: [redis({ actions: ["no-op"], before: REDIS, after: REDIS }, { previous_address: "render_keyvalue.old" })],
  },
  "taken over": { changes: [redis({ actions: ["no-op"], before: REDIS, after: REDIS, importing: { id: "red-1" } })] },
  "a variable changed, read by a roll-out": {
    changes: [group({ A: { value: "1" } }, { A: { value: "2" } }), step("backend_roll_out", ["create"])],
    steps: { backend_roll_out: "roll_out" },
  },
  "variables added, changed and removed": {
    changes: [group({ A: { value: "1" }, B: { value: "1" } }, { A: { value: "2" }, "C.D": { generate_value: true } })],
  },
  "the external URL instead of the internal one": {
    changes: [group(URL, { REDIS_URL: { value: "rediss://x:y@z:6379" } })],
  },
  "a URL that is only known after the apply": {
    changes: [
      resource("render_env_group", "backend", {
        actions: ["update"],
        before: { env_vars: URL },
        after: {},
        after_unknown: { env_vars: { REDIS_URL: { value: true } } },
      }),
    ],
    references: ["render_keyvalue.redis.connection_info.external_connection_string"],
  },
  "all variables removed": {
    changes: [
      resource("render_env_group", "backend", { actions: ["delete"], before: {}, after: null }),
      resource("render_env_group_link", "backend", { actions: ["delete"], before: {}, after: null }),
    ],
  },
  "only the link removed": {
    changes: [resource("render_env_group_link", "backend", { actions: ["delete"], before: {}, after: null })],
  },
  "all removed with the instance": {
    changes: [
      deleted(),
      resource("render_env_group", "backend", { actions: ["delete"], before: {}, after: null }),
      step("backend_leave", ["delete"]),
      step("redis_checks", ["delete"]),
    ],
  },
  "a new link": {
    changes: [
      resource("render_env_group_link", "backend", {
        actions: ["create"],
        before: null,
        after: { service_ids: ["srv-1"] },
      }),
    ],
  },
  "another service linked": { changes: [link(["srv-1"], ["srv-2"])] },
  "two services no longer linked": { changes: [link(["srv-1", "srv-2"], [])] },
  "one more service linked": { changes: [link(["srv-1"], ["srv-1", "srv-2"])] },
  "services that are only known after the apply": { changes: [link(["srv-1"], [], true)], references: ["a.b.id"] },
  "a service of theirs": { changes: [update("render_web_service", "web", { a: 1 }, { a: 2 })] },
  "every step": {
    changes: STEP_IDS.map((id) => step(id, ["create"])),
    steps: Object.fromEntries(STEP_IDS.map((id) => [id, id])),
  },
  "every step removed": {
    changes: STEP_IDS.map((id) => step(id, ["delete"])),
    steps: Object.fromEntries(STEP_IDS.map((id) => [id, id])),
  },
  "what a first apply that failed left behind, removed": {
    changes: [step("preflight", ["delete"])],
    steps: { preflight: "preflight" },
  },
  "somebody else's command": { changes: [step("mine", ["create"])], steps: { mine: { command: "rm -rf drain" } } },
  "the checks removed from the code": { changes: [step("redis_checks", ["delete"])] },
  "taken over from Render's older type, in the same plan": {
    changes: [
      resource("render_redis", "redis", { actions: ["forget"], before: REDIS, after: null }),
      redis({ actions: ["no-op"], before: REDIS, after: REDIS, importing: { id: REDIS.id } }),
    ],
  },
  "the last service leaves an instance that stays": {
    changes: [
      redis({ actions: ["no-op"], before: REDIS, after: REDIS }),
      resource("render_env_group", "backend", {
        actions: ["delete"],
        before: { id: "evg-1", env_vars: URL },
        after: null,
      }),
      resource("render_env_group_link", "backend", {
        actions: ["delete"],
        before: { env_group_id: "evg-1", service_ids: ["srv-1"] },
        after: null,
      }),
    ],
  },
  "a restart that two services feel": {
    changes: [
      updated({ plan: "pro" }),
      resource("render_env_group", "backend", {
        actions: ["no-op"],
        before: { id: "evg-1", env_vars: URL },
        after: { id: "evg-1", env_vars: URL },
      }),
      resource("render_env_group_link", "backend", {
        actions: ["no-op"],
        before: { env_group_id: "evg-1", service_ids: ["srv-1", "srv-2"] },
        after: { env_group_id: "evg-1", service_ids: ["srv-1", "srv-2"] },
      }),
    ],
  },
  "what an apply that ended halfway has done": {
    changes: [
      resource("render_env_group", "backend", {
        actions: ["no-op"],
        before: { env_vars: URL },
        after: { env_vars: URL },
      }),
      created(),
    ],
    drift: [group({}, URL)],
  },
  "what nobody foresaw": {
    changes: [
      resource("a", "b", { actions: ["create"], before: null, after: {} }),
      resource("c", "d", { actions: ["forget"], before: {}, after: null }),
    ],
  },
};

function reviewOf(
  { changes = [], drift = [], outputs = {}, steps = {}, references, others = SUBJECT.others }: Case,
  mode: Review["mode"],
): Review {
  const isDrift = mode === "refresh-only";
  const plan = {
    format_version: "1.2",
    resource_changes: isDrift ? [] : changes,
    resource_drift: isDrift ? changes : drift,
    output_changes: outputs,
    configuration: {
      root_module: {
        resources: [
          ...["group.backend", "group_link.backend"].map((name) => ({
            address: `render_env_${name}`,
            expressions: references === undefined ? {} : { env_vars: { references }, service_ids: { references } },
          })),
        ],
      },
    },
  };
  const provisioners = Object.entries(steps).map(([name, step]) => {
    const provisioner = typeof step === "string" ? provisionerOf(step) : { "local-exec": step };
    return [name, { provisioner: [provisioner] }];
  });
  const files = filesOf({ resource: { null_resource: Object.fromEntries(provisioners) } });
  return reviewPlan(readPlan(terraformPlanSchema.parse(plan), files), { ...SUBJECT, mode, others });
}

function line({ kind, address, consequence, causes, acknowledge }: Consequence): string {
  const attributes = causes.map(({ attribute }) => attribute).join(", ");
  return `- ${kind}${acknowledge ? "!" : ""} ${address}: ${consequence}${attributes === "" ? "" : ` (${attributes})`}`;
}

test("what the rules say of each change, and where it waits for an acknowledgement (!)", async () => {
  const sections = Object.entries(CASES).map(([name, one]) => {
    const { verdict, findings, drift, cost } = reviewOf(one, "change");
    const money = cost === undefined ? "" : `, $${cost.before} → $${cost.after}`;
    return [`## ${name}: ${verdict}${money}`, "", ...[...findings, ...drift].map(line), ""].join("\n");
  });
  await expect(["# Planned", "", ...sections].join("\n")).toMatchFileSnapshot("rules-planned.md");
});

test("what the rules say of the same when it has already happened", async () => {
  const sections = Object.entries(CASES).flatMap(([name, one]) => {
    const { verdict, drift, findings } = reviewOf(one, "refresh-only");
    expect(findings).toEqual([]);
    return drift.length === 0 ? [] : [[`## ${name}: ${verdict}`, "", ...drift.map(line), ""].join("\n")];
  });
  await expect(["# Drift", "", ...sections].join("\n")).toMatchFileSnapshot("rules-drift.md");
});
