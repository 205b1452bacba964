import { afterAll, beforeAll, expect, test } from "vitest";
import { formatMarkdown } from "../../cli/report/review/markdown.ts";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import type { Review } from "../../pipeline/review/review.ts";
import { PLAN_EXIT_CODES } from "../../pipeline/review/verdict.ts";
import { API } from "../../render/api/endpoints.ts";
import { type Described, type Planned, PlanWorkshop, type Terraformed } from "./plan-workshop.ts";

let workshop: PlanWorkshop;
const ids: Record<string, string> = {};
const passwords: string[] = [];

/** What is applied once, for real; each plan begins from a copy of one of these states. */
const STATES: Record<string, Described> = {
  starter: {},
  free: { redis: { name: "free", plan: "free" } },
  volatile: { redis: { name: "volatile", persistence: "off" } },
  protected: { redis: { name: "protected", deletionProtection: true } },
  cache: { redis: { name: "cache", role: "cache" } },
  standard: { redis: { name: "standard", plan: "standard" } },
  authenticated: { redis: { name: "authenticated" } },
  drifted: { redis: { name: "drifted" } },
  opened: { redis: { name: "opened" } },
  deleted: { redis: { name: "deleted" } },
  doomed: { redis: { name: "doomed" } },
  triggered: { redis: { name: "triggered" }, edit: withTrigger("1") },
};

beforeAll(async () => {
  workshop = await PlanWorkshop.start();
  for (const [state, described] of Object.entries(STATES)) {
    ids[state] = await workshop.prepare(state, described);
    const { externalConnectionString } = await workshop.client.call(API.getConnectionInfo, { id: idOf(state) });
    passwords.push(new URL(externalConnectionString).password);
  }
  await workshop.control.act("internal-authentication", idOf("authenticated"), "on");
  const authenticated = { redis: { name: "authenticated", internalAuthentication: true } };
  await workshop.change("authenticated", authenticated);

  // What somebody does in Render's dashboard.
  await workshop.client.call(
    RENDER_API.updateKeyValue,
    { id: idOf("drifted") },
    { maxmemoryPolicy: "allkeys_lru", plan: "standard" },
  );
  const group = await workshop.groupId("drifted");
  await workshop.client.call(RENDER_API.setGroupVariable, { id: group, key: "ENABLE_QUEUES" }, { value: "false" });
  const world = { cidrBlock: "0.0.0.0/0", description: "just for a moment" };
  await workshop.client.call(
    RENDER_API.updateKeyValue,
    { id: idOf("opened") },
    { ipAllowList: [world], name: "renamed" },
  );
  await workshop.client.call(RENDER_API.deleteKeyValue, { id: idOf("deleted") });
}, 900_000);
afterAll(() => workshop.stop());

function idOf(state: string): string {
  const id = ids[state];
  if (id === undefined) throw new Error(`There is no state "${state}".`);
  return id;
}

function noQueues() {
  return { backend: { name: "connect-yw-backend", env: { ENABLE_QUEUES: "false" } } };
}

const EVICTION_EXCEPTION = {
  exceptions: [{ rule: "queues-never-evict", reason: "Measuring for a day what the cache would do." }],
};

/** The instance is to be replaced whenever something else changes. */
function withTrigger(input: string) {
  return (terraform: Terraformed) => {
    Object.assign(terraform.resource, { terraform_data: { key: { input } } });
    Object.assign(Object(keyvalue(terraform).lifecycle), { replace_triggered_by: ["terraform_data.key"] });
  };
}

/** Terraform takes no empty blocks. */
function emptied(terraform: Partial<Terraformed>) {
  delete terraform.resource;
  delete terraform.output;
}

/** Everything about wiring and steps goes when an instance goes from the code. */
function withoutWiring({ resource }: Terraformed) {
  delete resource.render_env_group;
  delete resource.render_env_group_link;
}

function keyvalue({ resource }: Terraformed) {
  const redis = resource.render_keyvalue?.redis;
  if (redis === undefined) throw new Error("The stack has no instance.");
  return redis;
}

function setVariable(terraform: Terraformed, name: string, value: string) {
  const group = terraform.resource.render_env_group?.backend;
  Object.assign(group ?? {}, { env_vars: { ...Object(group?.env_vars), [name]: { value } } });
}

type Case = [name: string, planned: Planned | (() => Planned), verdict: Review["verdict"], worst: string | undefined];

const CASES: Case[] = [
  ["first apply", {}, "changes", "behaviour"],
  ["first apply, free", { redis: { plan: "free" } }, "changes", "behaviour"],
  [
    "first apply, open to the world",
    { redis: { ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "everybody" }] } },
    "needs acknowledgement",
    "behaviour",
  ],
  ["nothing to do", { from: "starter" }, "no changes", undefined],
  ["another name", { from: "starter", redis: { name: "jobs" } }, "changes", "redeploy"],

  // Size and price.
  ["larger plan", { from: "starter", redis: { plan: "standard" } }, "changes", "restart"],
  ["much larger plan", { from: "starter", redis: { plan: "pro_plus" } }, "changes", "restart"],
  ["custom plan", { from: "standard", redis: { name: "standard", plan: "Custom 64 GB" } }, "changes", "restart"],
  ["free to paid", { from: "free", redis: { name: "free", plan: "starter" } }, "needs acknowledgement", "data-loss"],
  [
    "smaller plan",
    { from: "standard", redis: { name: "standard", plan: "starter" } },
    "needs acknowledgement",
    "refused",
  ],
  ["paid to free", { from: "starter", redis: { plan: "free" } }, "needs acknowledgement", "data-loss"],
  [
    "second free instance",
    {
      from: "free",
      redis: { name: "free", plan: "free" },
      edit: ({ resource }) => {
        Object.assign(resource.render_keyvalue ?? {}, {
          second: { name: "second", plan: "free", region: "ohio", max_memory_policy: "noeviction" },
        });
      },
    },
    "needs acknowledgement",
    "refused",
  ],
  [
    "a plan that Render does not have",
    { from: "starter", edit: (terraform) => Object.assign(keyvalue(terraform), { plan: "huge" }) },
    "failed",
    undefined,
  ],
  ["no plan at all", { from: "starter", edit: (terraform) => delete keyvalue(terraform).plan }, "changes", "restart"],

  // What happens when memory is full.
  [
    "away from never-evict",
    { from: "starter", redis: { evictionPolicy: "allkeys-lru" }, rest: EVICTION_EXCEPTION },
    "needs acknowledgement",
    "restart",
  ],
  [
    "back to never-evict",
    { from: "cache", redis: { name: "cache", role: "cache", evictionPolicy: "noevict" } },
    "changes",
    "restart",
  ],
  [
    "from one eviction to another",
    { from: "cache", redis: { name: "cache", role: "cache", evictionPolicy: "volatile-ttl" } },
    "changes",
    "restart",
  ],

  // Persistence.
  ["fewer promises on disk", { from: "starter", redis: { persistence: "snapshot" } }, "changes", "restart"],
  ["persistence off", { from: "starter", redis: { persistence: "off" } }, "needs acknowledgement", "data-loss"],
  [
    "persistence on",
    { from: "volatile", redis: { name: "volatile", persistence: "snapshot" } },
    "needs acknowledgement",
    "data-loss",
  ],
  [
    "restart of an instance that does not persist",
    { from: "volatile", redis: { name: "volatile", persistence: "off", plan: "standard" } },
    "needs acknowledgement",
    "data-loss",
  ],

  // Replacement, through every cause.
  ["another region", { from: "starter", redis: { region: "ohio" } }, "needs acknowledgement", "data-loss"],
  [
    "another region, the old instance destroyed first",
    {
      from: "starter",
      redis: { region: "ohio" },
      edit: (terraform) => Object.assign(Object(keyvalue(terraform).lifecycle), { create_before_destroy: false }),
    },
    "needs acknowledgement",
    "data-loss",
  ],
  [
    "another region, protected",
    { from: "protected", redis: { name: "protected", deletionProtection: true, region: "ohio" } },
    "failed",
    "data-loss",
  ],
  [
    "replaced on request",
    { from: "starter", replace: ["render_keyvalue.redis"] },
    "needs acknowledgement",
    "data-loss",
  ],
  [
    "replaced because tainted",
    { from: "starter", before: [["taint", "render_keyvalue.redis"]] },
    "needs acknowledgement",
    "data-loss",
  ],
  [
    "replaced by a trigger",
    {
      from: "triggered",
      redis: { name: "triggered" },
      edit: withTrigger("2"),
    },
    "needs acknowledgement",
    "data-loss",
  ],

  // Removal.
  ["destroy everything", { from: "starter", mode: "destroy" }, "needs acknowledgement", "data-loss"],
  [
    "destroy everything, protected",
    { from: "protected", redis: { name: "protected", deletionProtection: true }, mode: "destroy" },
    "failed",
    "data-loss",
  ],
  ["protection removed", { from: "protected", redis: { name: "protected" } }, "needs acknowledgement", "data-loss"],
  [
    "protection removed with the region changed",
    { from: "protected", redis: { name: "protected", region: "ohio" } },
    "needs acknowledgement",
    "data-loss",
  ],
  [
    "protection and instance removed from the code",
    {
      from: "protected",
      edit: (terraform) => {
        emptied(terraform);
      },
    },
    "needs acknowledgement",
    "data-loss",
  ],
  [
    "instance forgotten",
    {
      from: "starter",
      edit: (terraform) => {
        emptied(terraform);
        terraform.removed = [{ from: "render_keyvalue.redis", lifecycle: { destroy: false } }];
      },
    },
    "needs acknowledgement",
    "weaker",
  ],

  // Code, and what weakens later plans.
  [
    "somebody else's command at a resource that stays",
    {
      from: "starter",
      edit: (terraform) =>
        Object.assign(keyvalue(terraform), { provisioner: [{ "local-exec": { command: "./drain" } }] }),
    },
    "needs acknowledgement",
    "code",
  ],
  [
    "the command of a step changed",
    {
      from: "starter",
      edit: ({ resource }) => {
        const checks = Object(resource.null_resource?.redis_checks).provisioner[0]["local-exec"];
        checks.environment.NODE_OPTIONS = "--require ./quiet.js";
      },
    },
    "needs acknowledgement",
    "code",
  ],
  [
    "changes ignored, of an instance that stays",
    {
      from: "starter",
      edit: (terraform) => Object.assign(Object(keyvalue(terraform).lifecycle), { ignore_changes: ["plan"] }),
    },
    "needs acknowledgement",
    "weaker",
  ],

  // Exposure.
  [
    "allow list widened",
    { from: "starter", redis: { ipAllowList: [{ cidrBlock: "192.0.2.0/24", description: "office" }] } },
    "changes",
    "exposure",
  ],
  ["allow list narrowed", { from: "starter", redis: { ipAllowList: [] } }, "changes", "behaviour"],
  [
    "opened to the world",
    {
      from: "starter",
      redis: {
        ipAllowList: [
          { cidrBlock: "192.0.2.7/32", description: "office" },
          { cidrBlock: "::/0", description: "`everybody` <script>" },
        ],
      },
    },
    "needs acknowledgement",
    "exposure",
  ],
  [
    "another description on the allow list",
    { from: "starter", redis: { ipAllowList: [{ cidrBlock: "192.0.2.7/32", description: "head office" }] } },
    "changes",
    undefined,
  ],
  [
    "external instead of internal URL",
    {
      from: "starter",
      edit: (terraform) =>
        setVariable(terraform, "REDIS_URL", `\${render_keyvalue.redis.connection_info.external_connection_string}`),
    },
    "needs acknowledgement",
    "behaviour",
  ],
  [
    "external instead of internal URL, and a larger plan",
    {
      from: "starter",
      redis: { plan: "standard" },
      edit: (terraform) =>
        setVariable(terraform, "REDIS_URL", `\${render_keyvalue.redis.connection_info.external_connection_string}`),
    },
    "needs acknowledgement",
    "restart",
  ],

  // The backend.
  [
    "variables added, changed and removed",
    {
      from: "starter",
      rest: { backend: { name: "connect-yw-backend", env: { WORKERS: "4", LOG_LEVEL: "debug" } } },
    },
    "changes",
    "behaviour",
  ],
  ["variable changed", { from: "starter", rest: noQueues() }, "changes", "behaviour"],
  [
    "another backend",
    {
      from: "starter",
      rest: { backend: { name: "other", serviceId: "srv-d0000000000000other0", env: { ENABLE_QUEUES: "true" } } },
    },
    "needs acknowledgement",
    "behaviour",
  ],
  ["wiring removed", { from: "starter", edit: withoutWiringAndSteps }, "needs acknowledgement", "behaviour"],

  // The checks.
  ["checks removed", { from: "starter", edit: withoutChecks }, "needs acknowledgement", "checks"],
  [
    "checks with another deadline",
    { from: "starter", rest: { checks: { deadlineSeconds: 60 } } },
    "changes",
    undefined,
  ],

  // Bookkeeping.
  [
    "moved to another address",
    {
      from: "starter",
      edit: (terraform) => {
        const renamed: Terraformed = JSON.parse(
          JSON.stringify(terraform).replaceAll("render_keyvalue.redis", "render_keyvalue.queue"),
        );
        Object.assign(terraform, renamed);
        terraform.resource.render_keyvalue = { queue: keyvalue(terraform) };
        terraform.moved = [{ from: "render_keyvalue.redis", to: "render_keyvalue.queue" }];
      },
    },
    "changes",
    undefined,
  ],
  [
    "existing instance taken over",
    () => ({
      redis: { name: "doomed" },
      edit: (terraform) => {
        terraform.import = [{ to: "render_keyvalue.redis", id: idOf("doomed") }];
      },
    }),
    "needs acknowledgement",
    "weaker",
  ],
  [
    "another output",
    { from: "starter", edit: ({ output }) => Object.assign(output, { hello: { value: "world" } }) },
    "changes",
    undefined,
  ],

  // What somebody did outside Terraform.
  ["drift of the settings", { from: "drifted", redis: { name: "drifted" } }, "needs acknowledgement", "refused"],
  [
    "drift of the settings, looked at only",
    { from: "drifted", redis: { name: "drifted" }, mode: "refresh-only" },
    "changes",
    undefined,
  ],
  ["drift of name and allow list", { from: "opened", redis: { name: "opened" } }, "changes", "behaviour"],
  [
    "drift of name and allow list, looked at only",
    { from: "opened", redis: { name: "opened" }, mode: "refresh-only" },
    "changes",
    undefined,
  ],
  ["instance deleted outside", { from: "deleted", redis: { name: "deleted" } }, "changes", "behaviour"],
  [
    "instance deleted outside, looked at only",
    { from: "deleted", redis: { name: "deleted" }, mode: "refresh-only" },
    "changes",
    undefined,
  ],
  ["nothing changed outside, looked at only", { from: "starter", mode: "refresh-only" }, "no changes", undefined],

  // Noise of the provider.
  [
    "noise: the URL has a password, and a larger plan",
    { from: "authenticated", redis: { name: "authenticated", internalAuthentication: true, plan: "standard" } },
    "changes",
    "restart",
  ],

  // All at once.
  [
    "everything at once",
    {
      from: "protected",
      redis: {
        name: "everything",
        region: "virginia",
        plan: "pro",
        persistence: "off",
        evictionPolicy: "volatile-lru",
        ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "everybody" }],
      },
      rest: { ...EVICTION_EXCEPTION, checks: { deadlineSeconds: 60 } },
    },
    "needs acknowledgement",
    "data-loss",
  ],
  [
    "a backend's id that is none",
    {
      from: "starter",
      edit: (terraform) =>
        Object.assign(Object(terraform.variable).backend_service_id, {
          default: "",
          validation: [{ condition: `\${false}`, error_message: "It must be srv-…, always." }],
        }),
    },
    "failed",
    undefined,
  ],
];

function withoutWiringAndSteps(terraform: Terraformed) {
  withoutWiring(terraform);
  const steps = terraform.resource.null_resource ?? {};
  for (const name of Object.keys(steps)) if (!/redis_checks|preflight/.test(name)) delete steps[name];
}

function withoutChecks(terraform: Terraformed) {
  delete terraform.resource.null_resource?.redis_checks;
  if (Object.keys(terraform.resource.null_resource ?? {}).length === 0) delete terraform.resource.null_resource;
  const rest = JSON.stringify(terraform)
    .replaceAll(/"null_resource\.redis_checks",?/g, "")
    .replaceAll(",]", "]");
  Object.assign(terraform, JSON.parse(rest));
}

test("there are enough plans", () => {
  expect(CASES.length).toBeGreaterThanOrEqual(40);
});

test.each(CASES)("%s", async (name, planned, verdict, worst) => {
  const review = await workshop.plan(typeof planned === "function" ? planned() : planned);
  const text = formatMarkdown([review], new Date("2026-10-01"), {});
  await expect(stable(text)).toMatchFileSnapshot(`reviews/${name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}.md`);
  expect(review.verdict).toBe(verdict);
  expect(PLAN_EXIT_CODES[review.verdict]).toBe(
    { "no changes": 0, changes: 2, "needs acknowledgement": 3, failed: 1 }[verdict],
  );
  const felt = review.findings.find(
    ({ kind }) => !["new", "cost", "checks", "bookkeeping"].includes(kind) || kind === worst,
  );
  expect(felt?.kind).toBe(worst);
  for (const password of passwords) expect(JSON.stringify(review) + text).not.toContain(password);
});

test("the same plan made twice has the same review, to the byte", async () => {
  const planned: Planned = { from: "starter", redis: { region: "ohio", plan: "pro" } };
  const first = formatMarkdown([await workshop.plan(planned)]);
  expect(formatMarkdown([await workshop.plan(planned)])).toBe(first);
});

/** What Render and Terraform make up: ids, the fingerprint over them, and the place of the test's files. */
function stable(text: string): string {
  return text
    .replaceAll(/\b(red|evg)-[a-z0-9]{20}\b/g, "$1-<id>")
    .replaceAll(/`\d{10,}`/g, "`<id>`")
    .replaceAll(/(\$\{path\.root\})\/\.\.[\w./-]*/g, "$1/<repository>")
    .replaceAll(/ --fingerprint [0-9a-f]{64}/g, "")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "<sha256>");
}
