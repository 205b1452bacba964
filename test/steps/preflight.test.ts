import { expect, test } from "vitest";
import type { EnvGroup, KeyValue, Service } from "../../render/api/endpoints.ts";
import { judge, type UseAim, type UseFacts } from "../../steps/preflight.ts";

const SERVICE_ID = "srv-d00000000000000000a0";
const INSTANCE_ID = "red-d00000000000000000a0";

const INTENT: UseAim = {
  ownerId: "tea-1",
  acceptUnknown: false,
  redis: {
    environment: "production",
    name: "queues",
    region: "oregon",
    plan: "starter",
    evictionPolicy: "noeviction",
    persistence: "journal_snapshot",
    ipAllowList: [],
    internalAuthentication: false,
  },
  wanted: {
    name: "backend",
    serviceId: SERVICE_ID,
    groupName: "queues-env",
    env: { ENABLE_QUEUES: "true" },
    uses: { REDIS_URL: { redis: "redis", as: "url" } },
    drain: { redis: "npm run drain" },
    rollOutSeconds: 60,
  },
};

const TIMES = { createdAt: "2026-11-22T12:00:00Z", updatedAt: "2026-11-22T12:00:00Z" };

function service(change: Partial<Service> = {}, details: Partial<Service["serviceDetails"]> = {}): Service {
  return {
    id: SERVICE_ID,
    name: "backend",
    type: "web_service",
    ownerId: "tea-1",
    autoDeploy: "no",
    suspended: "not_suspended",
    serviceDetails: { region: "oregon", plan: "starter", ...details },
    ...change,
  };
}

function instance(change: Partial<KeyValue> = {}): KeyValue {
  return {
    id: INSTANCE_ID,
    name: "queues",
    plan: "starter",
    region: "oregon",
    status: "available",
    options: { maxmemoryPolicy: "noeviction", persistenceMode: "journal_snapshot" },
    ipAllowList: [],
    owner: { id: "tea-1" },
    ...TIMES,
    ...change,
  };
}

function group(change: Partial<EnvGroup> = {}): EnvGroup {
  return {
    id: "evg-1",
    name: "queues-env",
    ownerId: "tea-1",
    serviceLinks: [{ id: SERVICE_ID, name: "backend", type: "web" }],
    envVars: [{ key: "REDIS_URL", value: `redis://${INSTANCE_ID}:6379` }],
    secretFiles: [],
    ...TIMES,
    ...change,
  };
}

const FRESH: Omit<UseFacts, "lookers"> = {
  owners: [{ id: "tea-1", name: "Ours" }],
  service: service(),
  variables: [{ key: "NODE_ENV", value: "production" }],
  groups: [],
  instances: [],
  instanceNames: {
    kind: "instance",
    address: "render_keyvalue.redis",
    what: 'instance "queues" in oregon',
    ids: [],
    ours: [],
    strangers: [],
  },
  groupNames: {
    kind: "group",
    address: "render_env_group.backend",
    what: 'environment group "queues-env"',
    ids: [],
    ours: [],
    strangers: [],
  },
  directory: "cdktf.out/stacks/production",
  renderEnvironments: [],
};

/** Something has our name that the state does not know. */
const strange = (kind: "instanceNames" | "groupNames", users: string[], ours: string[] = []) => {
  const id = kind === "instanceNames" ? "red-strange" : "evg-strange";
  return { [kind]: { ...FRESH[kind], ids: [id, ...ours], ours, strangers: [{ id, users }] } };
};
const unread = (kind: "instanceNames" | "groupNames") => ({
  [kind]: { ...FRESH[kind], ids: ["evg-1"], strangers: undefined },
});
const ISOLATED = { id: "evm-a", name: "prod", networkIsolationEnabled: true };
const inEnvironment = (environmentId: string | undefined) => (intent: UseAim) => ({
  ...intent,
  redis: { ...intent.redis, environmentId },
});

/** With the service as the only one that may look from inside. */
function seen(change: Partial<UseFacts>): UseFacts {
  const facts = { ...FRESH, ...change };
  return { lookers: facts.service && [facts.service], ...facts };
}

function refusals(facts: Partial<UseFacts>, change: (intent: UseAim) => UseAim = (same) => same): string {
  return judge(seen(facts), change(INTENT))
    .flatMap((result) => result.refusals)
    .map(({ reason, remedy }) => `${reason} → ${remedy}`)
    .join("\n");
}

const withPlan = (plan: UseAim["redis"]["plan"]) => (intent: UseAim) => ({
  ...intent,
  redis: { ...intent.redis, plan },
});

const withHealthPath = (intent: UseAim) => ({ ...intent, wanted: { ...intent.wanted, healthPath: "/health" } });

test.each<[string, Partial<UseFacts>, ((intent: UseAim) => UseAim)?]>([
  ["a first deploy", {}],
  ["a service with a health path", { service: service({}, { url: "https://a.onrender.com" }) }, withHealthPath],
  ["a next deploy", { groups: [group()], instances: [instance()] }],
  ["a larger plan", { instances: [instance()] }, withPlan("standard")],
  ["the same plan by its newer name", { instances: [instance({ plan: "256mb" })] }],
  ["a plan that is not known here", { instances: [instance({ plan: "64g" })] }],
  ["the one free instance again", { instances: [instance({ plan: "free" })] }, withPlan("free")],
  ["a group of somebody else's with other variables", { groups: [group({ name: "mail", envVars: [] })] }],
  [
    "a group and an instance that the state knows",
    { instanceNames: { ...FRESH.instanceNames, ids: ["red-1"], ours: ["red-1"] } },
  ],
  [
    "another Render environment that is not isolated",
    {
      service: service({ environmentId: "evm-a" }),
      renderEnvironments: [{ ...ISOLATED, networkIsolationEnabled: false }],
    },
  ],
  [
    "the same Render environment",
    { service: service({ environmentId: "evm-a" }), renderEnvironments: [ISOLATED] },
    inEnvironment("evm-a"),
  ],
  [
    "a free service, where this machine may connect",
    { service: service({}, { plan: "free" }) },
    (intent) => {
      const wanted = { ...intent.wanted, drain: {} };
      return {
        ...intent,
        wanted,
        redis: { ...intent.redis, ipAllowList: [{ cidrBlock: "203.0.113.7/32", description: "office" }] },
      };
    },
  ],
  ["our variables in a group that is not linked", { groups: [group({ name: "other", serviceLinks: [] })] }],
])("%s can begin", (_what, facts, change) => {
  expect(refusals(facts, change)).toBe("");
});

test.each<[string, Partial<UseFacts>, RegExp, ((intent: UseAim) => UseAim)?]>([
  ["a key of another workspace", { owners: [{ id: "tea-2", name: "Theirs" }] }, /tea-1 → .*tea-2 \(Theirs\)/],
  ["a key without a workspace", { owners: [] }, /it has none/],
  ["no service", { service: undefined }, new RegExp(`no service ${SERVICE_ID} → .*TF_VAR_backend_service_id`)],
  [
    "a service of another workspace",
    { service: service({ ownerId: "tea-2" }) },
    /tea-2, not tea-1 → .*RENDER_OWNER_ID/,
  ],
  [
    "a static site",
    { service: service({ type: "static_site" }, { region: null, plan: undefined }) },
    /^backend is a static site: nothing of it runs.* → Set backend.serviceId/,
  ],
  [
    "the health path of a private service",
    { service: service({ type: "private_service" }, { url: "backend:10000" }) },
    /^backend is a private service: backend:10000 can be asked only inside.* → Remove backend.healthPath/,
    withHealthPath,
  ],
  [
    "the health path of a service without its onrender.com address",
    { service: service({}, { url: "https://backend.onrender.com", renderSubdomainPolicy: "disabled" }) },
    /address of backend is switched off → .*a whole address at its own domain/,
    withHealthPath,
  ],
  ["a suspended service", { service: service({ suspended: "suspended" }) }, /is suspended.* → Resume it/],
  ["another region", { service: service({}, { region: "ohio" }) }, /in ohio.*in oregon → .*redis\.region to "ohio"/],
  [
    "a free service that should run jobs",
    { service: service({}, { plan: "free" }) },
    /no one-off jobs → .*drainCommand/,
  ],
  [
    "REDIS_URL on the service itself",
    { variables: [{ key: "REDIS_URL", value: "redis://:s3cret-password@h:6379" }] },
    /^REDIS_URL is set on backend itself.* → Remove it/,
  ],
  ["ENABLE_QUEUES on the service itself", { variables: [{ key: "ENABLE_QUEUES", value: "true" }] }, /ENABLE_QUEUES/],
  [
    "our variable in another linked group",
    { groups: [group({ name: "old", id: "evg-2" })] },
    /group "old" \(evg-2\).* → /,
  ],
  [
    "another service than the one that is named",
    { service: service({ name: "frontend" }) },
    /^srv-d00000000000000000a0 is the service "frontend", and backend\.name is "backend" → Set backend\.serviceId.*id of backend\.[^\n]*$/,
  ],
  [
    "a free service and an empty allow list, from which nobody could look",
    { service: service({}, { plan: "free" }) },
    /nobody may connect from outside, and backend is on the free plan.* → Add .*redis\.ipAllowList; or take a paid plan .*; or set checks\.acceptUnknown/,
  ],
  [
    "a service in an isolated environment",
    { service: service({ environmentId: "evm-a" }), renderEnvironments: [ISOLATED] },
    /backend is in evm-a, and the instance is to be in none; "prod" \(evm-a\) is isolated.* → Set redis\.environmentId/,
  ],
  [
    "an instance in an isolated environment",
    { renderEnvironments: [ISOLATED] },
    /backend is in no Render environment, and the instance is to be in evm-a/,
    inEnvironment("evm-a"),
  ],
  [
    "an instance that the state does not know",
    strange("instanceNames", []),
    /there is an instance "queues" in oregon already: red-strange\. This state does not know it.* → Nothing in the workspace uses red-strange\. Delete it if nobody needs it: curl -X DELETE .*\/key-value\/red-strange"\. Or take it over: terraform -chdir=cdktf\.out\/stacks\/production import render_keyvalue\.redis red-strange\. Or choose/,
  ],
  [
    "one more instance than the state knows, which somebody uses",
    strange("instanceNames", ['the service "mail" (srv-2), by its own REDIS_URL'], ["red-ours"]),
    /beside red-ours there is another .*: red-strange\. .* → red-strange is used by the service "mail" \(srv-2\), by its own REDIS_URL: do not delete it\. If it is yours, take it over: terraform \S+ state rm render_keyvalue\.redis && terraform \S+ import render_keyvalue\.redis red-strange, then delete red-ours\./,
  ],
  [
    "a group that the state does not know, linked to nothing",
    strange("groupNames", [], ["evg-ours"]),
    /beside evg-ours there is another environment group "queues-env": evg-strange.* → .*curl -X DELETE .*\/env-groups\/evg-strange"/,
  ],
  ["a state that cannot be read", unread("groupNames"), /the state cannot be read, .* is ours: evg-1 → Plan once/],
  [
    "a second free instance",
    { instances: [instance({ name: "other", plan: "free" })] },
    /its one free instance: other .* → Take a paid plan, or delete that one/,
    withPlan("free"),
  ],
  [
    "replacing the free instance",
    { instances: [instance({ plan: "25mb", region: "ohio" })] },
    /cannot be replaced while it runs/,
    withPlan("free"),
  ],
  [
    "a downgrade",
    { instances: [instance({ plan: "standard" })] },
    /is a downgrade, which Render refuses → Keep plan "standard"/,
  ],
])("%s is refused, with the remedy", (_what, facts, message, change) => {
  const text = refusals(facts, change);
  expect(text).toMatch(message);
  expect(text).not.toContain("s3cret-password");
});

test("a service has one name in everything that is refused of it: Render's", () => {
  const facts = {
    service: service({ name: "frontend" }),
    variables: [{ key: "REDIS_URL", value: "x" }],
    groups: [group({ name: "old", id: "evg-2" })],
  };
  const [named = "", ...others] = refusals(facts).split("\n");
  expect(named).toContain('is the service "frontend", and backend.name is "backend"');
  expect(others).toHaveLength(2);
  for (const line of others) {
    expect(line).toContain("frontend");
    expect(line).not.toMatch(/\bbackend\b/);
  }
});

test("what does not apply is skipped with the reason, not called good", () => {
  const skipped = (facts: Partial<UseFacts>, intent = INTENT) =>
    judge(seen(facts), intent).flatMap((result) => result.skipped ?? []);
  expect(skipped({ service: undefined })).toEqual([
    "there is no such service",
    "there is no such service",
    "there is no healthPath",
    ...Array.from({ length: 6 }, () => "there is no such service"),
    "the plan is paid",
    "there is no instance yet",
  ]);
  expect(skipped({ instances: [instance({ plan: "free" })] }, withPlan("free")(INTENT))).toEqual([
    "there is no healthPath",
  ]);
  const wanted = { ...INTENT.wanted, drain: {} };
  expect(skipped({}, { ...INTENT, wanted })).toContain("it drains nothing");
  expect(skipped({}, { ...INTENT, acceptUnknown: true })).toContain("checks.acceptUnknown is set");
});
