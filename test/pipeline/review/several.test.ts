import { expect, test } from "vitest";
import { readPlan } from "../../../pipeline/review/plan/planned.ts";
import { terraformPlanSchema } from "../../../pipeline/review/plan/terraform-plan.ts";
import { acknowledgementsOf, reviewPlan } from "../../../pipeline/review/review.ts";
import type { StepId } from "../../../steps/steps.ts";
import { filesOf, provisionerOf } from "./configured.ts";
import { SUBJECT } from "./subject.ts";

type Change = Readonly<Record<string, unknown>>;

/** An environment of two instances, `queue` and `cache`, and two services, `web` and `worker`, which use one each. */
const IDS: Readonly<Record<string, string>> = { queue: "red-q", cache: "red-c", web: "evg-web", worker: "evg-worker" };
const USES: Readonly<Record<string, string>> = { web: "cache", worker: "queue" };
const STEPS: Readonly<Record<string, StepId>> = {
  ...{ queue_checks: "checks", cache_checks: "checks" },
  ...{ web_roll_out: "roll_out", worker_roll_out: "roll_out", web_checks: "proof", worker_checks: "proof" },
};

const instance = (key: string, more: Change = {}) => ({
  id: IDS[key],
  name: key,
  plan: "starter",
  region: "oregon",
  ...more,
});
const variables = (key: string, more: Change = {}) => ({
  REDIS_URL: { value: `redis://${IDS[USES[key] ?? ""]}:6379` },
  ...more,
});
const group = (key: string, more: Change = {}) => ({
  id: IDS[key],
  name: `${key}-env`,
  env_vars: variables(key, more),
});
const link = (key: string) => ({ id: `link-${key}`, env_group_id: IDS[key], service_ids: [`srv-${key}`] });
const VALUES: Readonly<Record<string, Change>> = {
  "render_keyvalue.queue": instance("queue"),
  "render_keyvalue.cache": instance("cache"),
  ...Object.fromEntries(Object.keys(USES).map((key) => [`render_env_group.${key}`, group(key)])),
  ...Object.fromEntries(Object.keys(USES).map((key) => [`render_env_group_link.${key}`, link(key)])),
  ...Object.fromEntries(Object.keys(STEPS).map((name) => [`null_resource.${name}`, { id: name }])),
};

const CONFIGURATION = {
  render_keyvalue: { queue: { name: "queue" }, cache: { name: "cache" } },
  render_env_group: Object.fromEntries(
    Object.entries(USES).map(([key, of]) => [
      key,
      { env_vars: { REDIS_URL: { value: `redis://\${render_keyvalue.${of}.id}:6379` } } },
    ]),
  ),
  null_resource: Object.fromEntries(
    Object.entries(STEPS).map(([name, id]) => [name, { provisioner: [provisionerOf(id)] }]),
  ),
};

interface Planned {
  /** What is done, by address: an action, or what becomes of it. All else stays. */
  readonly changes: Readonly<Record<string, "create" | "delete" | "replace" | Change>>;
  readonly configuration?: Change;
  readonly drift?: readonly Change[];
  readonly moved?: Readonly<Record<string, string>>;
  readonly uses?: Readonly<Record<string, string>>;
}

function review({ changes, configuration = CONFIGURATION, drift = [], moved = {}, uses = USES }: Planned) {
  const resource_changes = Object.entries(VALUES).map(([address, before]) => {
    const change = changes[address];
    const told =
      change === undefined || change === "replace"
        ? { actions: change === undefined ? ["no-op"] : ["delete", "create"], before, after: before }
        : change === "create"
          ? { actions: ["create"], before: null, after: { ...before, id: undefined } }
          : change === "delete"
            ? { actions: ["delete"], before, after: null }
            : { actions: ["update"], before: { ...before, ...Object(change.was) }, after: { ...before, ...change } };
    const [from] = Object.entries(moved).find(([, to]) => to === address) ?? [];
    return {
      address,
      mode: "managed",
      type: address.split(".")[0],
      change: told,
      ...(from && { previous_address: from }),
    };
  });
  const resources = Object.entries(uses).flatMap(([key, of]) => [
    { address: `render_env_group.${key}`, expressions: { env_vars: { references: [`render_keyvalue.${of}.id`] } } },
    {
      address: `render_env_group_link.${key}`,
      expressions: { env_group_id: { references: [`render_env_group.${key}.id`] } },
    },
  ]);
  const plan = terraformPlanSchema.parse({
    ...{ format_version: "1.2", resource_changes, resource_drift: drift },
    configuration: { root_module: { resources } },
  });
  const settings = { required_providers: { render: { source: "render-oss/render" } } };
  const terraform = {
    terraform: settings,
    resource: configuration,
    ...(Object.keys(moved).length === 0 ? {} : { moved: Object.entries(moved).map(([from, to]) => ({ from, to })) }),
  };
  const base = { commit: "0", terraform: { terraform: settings, resource: rename(configuration, moved) } };
  const synthesized = { terraform, workingDirectory: `\${path.root}/../../..` };
  const found = reviewPlan(readPlan(plan, filesOf(terraform)), { ...SUBJECT, base, synthesized });
  const told = found.findings.map(({ kind, address, consequence, acknowledge }) => {
    return `${kind}${acknowledge ? "!" : ""} ${address}: ${consequence}`;
  });
  return { ...found, told };
}

/** As it was before a rename. */
function rename(configuration: Change, moved: Readonly<Record<string, string>>): Change {
  const resources: Record<string, Record<string, unknown>> = {};
  for (const [type, named] of Object.entries(configuration)) {
    for (const [name, body] of Object.entries(Object(named))) {
      const from = Object.entries(moved).find(([, to]) => to === `${type}.${name}`)?.[0] ?? `${type}.${name}`;
      resources[type] = { ...resources[type], [from.slice(type.length + 1)]: body };
    }
  }
  return resources;
}

test("a change that only the other instance's checks would verify says so", () => {
  const plan = { plan: "standard" };
  const unverified = (step: string) =>
    review({ changes: { "render_keyvalue.queue": plan, [`null_resource.${step}`]: "replace" } }).told.join("\n");
  expect(unverified("cache_checks")).toContain("No check in this plan verifies the change");
  expect(unverified("worker_checks")).toContain("No check in this plan verifies the change");
  expect(unverified("queue_checks")).not.toContain("No check in this plan");
});

test("variables are read in a roll-out of their own service", () => {
  const changed = { "render_env_group.web": { env_vars: variables("web", { SIZE: { value: "2" } }) } };
  const says = (step: string) =>
    review({ changes: { ...changed, [`null_resource.${step}`]: "replace" } }).told.join("\n");
  expect(says("web_roll_out")).toContain("added SIZE. It reads them in the deploy of this apply.");
  expect(says("worker_roll_out")).toContain("added SIZE. It reads them at its next deploy, which nothing");
});

test("a service that is removed waits for one acknowledgement, also beside an instance that is", () => {
  const worker = ["render_env_group.worker", "render_env_group_link.worker"];
  const steps = ["null_resource.worker_checks", "null_resource.worker_roll_out"];
  const removed = Object.fromEntries([...worker, ...steps].map((address) => [address, "delete"] as const));
  const { told } = review({ changes: removed });
  expect(told).toContain("checks null_resource.worker_checks: It is removed together with the service.");
  expect(told).toContain("cost render_keyvalue.queue: No service uses the instance from now on. It costs $10 a month.");
  expect(told.filter((line) => line.includes("! "))).toEqual([
    expect.stringContaining("behaviour! render_env_group.worker: The service loses the variables of the group"),
  ]);
  const both = review({ changes: { ...removed, "render_keyvalue.cache": "delete" } });
  expect(acknowledgementsOf(both)).toEqual(["data-loss:render_keyvalue.cache", "behaviour:render_env_group.worker"]);
  const together = review({ changes: { ...removed, "render_keyvalue.queue": "delete" } });
  expect(acknowledgementsOf(together)).toEqual(["data-loss:render_keyvalue.queue"]);
});

test("the checks of an instance that stays are missed, whatever else is removed", () => {
  const changes = { "render_keyvalue.cache": "delete", "null_resource.queue_checks": "delete" } as const;
  expect(review({ changes }).told).toContain(
    "checks! null_resource.queue_checks: This check is removed; what it proved is no longer checked.",
  );
});

test("an instance that nothing here uses is noted with its price, and is no change", () => {
  const render_env_group = { worker: CONFIGURATION.render_env_group.worker, web: { env_vars: {} } };
  const configuration = { ...CONFIGURATION, render_env_group };
  const noUse = { env_vars: {} };
  const values = { "render_env_group.web": noUse };
  const { told } = review({ changes: values, configuration, uses: { worker: "queue" } });
  expect(told.filter((line) => line.includes("render_keyvalue.cache"))).toEqual([
    "cost render_keyvalue.cache: No service uses the instance from now on. It costs $10 a month.",
  ]);
  expect(review({ changes: {} })).toMatchObject({ verdict: "no changes", told: [] });
});

test("what somebody linked in the dashboard is named as that, with the line that keeps it", () => {
  const change = (service_ids: string[], actions: string[]) => ({
    ...{ address: "render_env_group_link.worker", mode: "managed", type: "render_env_group_link" },
    change: { actions, before: link("worker"), after: { ...link("worker"), service_ids } },
  });
  const drift = [change(["srv-worker", "srv-hand"], ["update"])];
  const was = { service_ids: ["srv-worker", "srv-hand"] };
  const planned = review({ changes: { "render_env_group_link.worker": { was } }, drift });
  const unlinks = " This apply unlinks it: it loses the variables.";
  expect(planned.told).toContainEqual(expect.stringMatching(/^behaviour! .*srv-hand was linked in Render's dashboard/));
  expect(planned.told.find((one) => one.startsWith("behaviour!"))?.endsWith(unlinks)).toBe(true);
  const line = 'another: { name: "…", region: "…", id: "srv-hand", uses: { REDIS_URL: "queue" } },';
  expect(planned.drift.map(({ consequence }) => consequence)).toEqual([
    `srv-hand was linked in Render's dashboard; it is not in the file. To keep it, add it there to services: ${line}`,
  ]);
});

test("a rename by `formerly` is told, and waits for nobody", () => {
  const moved = {
    "render_keyvalue.redis": "render_keyvalue.queue",
    "null_resource.redis_checks": "null_resource.queue_checks",
  };
  const { told, verdict } = review({ changes: {}, moved });
  expect([verdict, told.filter((one) => one.includes("! "))]).toEqual(["changes", []]);
  expect(told).toEqual([
    "bookkeeping null_resource.queue_checks: Its address in Terraform changes, from null_resource.redis_checks: no effect on data.",
    "bookkeeping render_keyvalue.queue: Its address in Terraform changes, from render_keyvalue.redis: no effect on data.",
  ]);
  // What else happens to it is told all the same.
  const larger = review({ changes: { "render_keyvalue.queue": { plan: "pro" } }, moved });
  expect(larger.told.join("\n")).toMatch(/restart render_keyvalue\.queue/);
});
