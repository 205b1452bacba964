import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EMPTY_PLAN, type Planned, readPlan } from "../../pipeline/review/plan/planned.ts";
import { terraformPlanSchema } from "../../pipeline/review/plan/terraform-plan.ts";
import { type Preflight, reviewStack } from "../../pipeline/review-stack.ts";
import type { SynthesizedStack } from "../../pipeline/synthesized-stack.ts";
import { RenderClient } from "../../render/api/client.ts";
import type { sendHttp } from "../../runtime/http.ts";
import { type Intent, preflight } from "../../steps/preflight.ts";
import { filesOf, provisionerOf } from "./review/configured.ts";

const send = vi.hoisted(() => vi.fn<typeof sendHttp>());
vi.mock("../../runtime/http.ts", async (original) => ({ ...(await original<object>()), sendHttp: send }));
const place = vi.hoisted(() => ({ directory: "" }));
vi.mock("../../pipeline/synthesize.ts", () => ({ stackDirectory: () => place.directory }));
const state = vi.hoisted(() => ({ readKnownIds: vi.fn() }));
vi.mock("../../render/terraform-state.ts", async (original) => ({ ...(await original<object>()), ...state }));

const STACK: SynthesizedStack = {
  environment: "staging",
  digest: "0".repeat(64),
  paths: {},
  variables: [],
  localState: undefined,
  isEncrypted: false,
  policy: { warnings: [], exceptions: [] },
  synthesized: { terraform: {}, workingDirectory: "x" },
};
const SERVICE = "srv-d00000000000000000a0";
const DASHBOARD = "https://dashboard.render.com/web/x";
const INTENT: Intent = {
  ownerId: "tea-1",
  acceptUnknown: false,
  instances: {
    redis: {
      ...{ environment: "staging", name: "queues", region: "oregon", plan: "starter", evictionPolicy: "noeviction" },
      ...{ persistence: "journal_snapshot", ipAllowList: [], internalAuthentication: false },
    },
  },
  services: {
    backend: {
      ...{ name: "api", serviceId: SERVICE, groupName: "queues-env", env: {}, rollOutSeconds: 60 },
      ...{ uses: { REDIS_URL: { redis: "redis", as: "url" } }, drain: {} },
    },
  },
};
const TIMES = { createdAt: "2026-06-17T08:00:00Z", updatedAt: "2026-06-17T08:00:00Z" };
const instance = (id: string, rest: object = {}) => ({
  ...{ id, name: "queues", plan: "starter", region: "oregon", status: "available", ipAllowList: [], ...TIMES },
  ...{ options: { maxmemoryPolicy: "noeviction" }, owner: { id: "tea-1" }, ...rest },
});
const group = (id: string, ...services: string[]) => ({
  ...{ id, name: "queues-env", ownerId: "tea-1", envVars: [], ...TIMES },
  serviceLinks: services.map((service) => ({ id: service, name: "api", type: "web" })),
});

/** What is on Render. */
let render: { instances: object[]; groups: object[]; status?: number };

beforeEach(() => {
  place.directory = mkdtempSync(join(tmpdir(), "stack-"));
  const link = { env_group_id: "$" + "{render_env_group.backend.id}", service_ids: ["$" + "{var.backend_service_id}"] };
  const resource = {
    render_keyvalue: { redis: { name: "queues", region: "oregon", plan: "starter" } },
    render_env_group: { backend: { name: "queues-env" } },
    render_env_group_link: { backend: link },
  };
  writeFileSync(join(place.directory, "cdk.tf.json"), JSON.stringify({ resource }));
  render = { instances: [instance("red-ours")], groups: [group("evg-ours", SERVICE)] };
  for (const [name, value] of Object.entries({
    RENDER_API_KEY: "rnd_key-of-the-test-1234567890",
    RENDER_HOST: "http://render.test/v1",
    RENDER_OWNER_ID: "tea-1",
    TF_VAR_backend_service_id: SERVICE,
  })) {
    vi.stubEnv(name, value);
  }
  send.mockImplementation(async (url) => {
    const { pathname, searchParams } = new URL(url);
    const service = {
      id: SERVICE,
      name: "api",
      type: "web_service",
      ownerId: "tea-1",
      suspended: "not_suspended",
      dashboardUrl: DASHBOARD,
    };
    const items: Record<string, object[] | object> = {
      "/v1/key-value": render.instances.map((keyValue) => ({ keyValue, cursor: "c" })),
      "/v1/env-groups": render.groups.map((envGroup) => ({ envGroup, cursor: "c" })),
      "/v1/env-groups/evg-ours": group("evg-ours", SERVICE),
      "/v1/owners": [{ owner: { id: "tea-1", name: "Ours" }, cursor: "c" }],
      [`/v1/services/${SERVICE}`]: { ...service, serviceDetails: { region: "oregon", plan: "starter" } },
    };
    const answer = searchParams.has("cursor") ? [] : (items[pathname] ?? []);
    return { status: render.status ?? 200, statusText: "", headers: {}, text: JSON.stringify(answer) };
  });
});
afterEach(() => {
  rmSync(place.directory, { recursive: true });
  vi.unstubAllEnvs();
  vi.resetAllMocks();
});

/** A plan in which each address has an id of these, or makes one. */
function planned(ids: Readonly<Record<string, string | undefined>>, files?: ReadonlyMap<string, string>): Planned {
  const resource_changes = Object.entries(ids).map(([address, id]) => ({
    ...{ address, mode: "managed", type: address.split(".")[0] },
    change: {
      actions: [id === undefined ? "create" : "no-op"],
      before: id === undefined ? null : { id },
      after: { id },
    },
  }));
  return readPlan(terraformPlanSchema.parse({ format_version: "1.2", resource_changes }), files);
}

const KNOWN = { "render_keyvalue.redis": "red-ours", "render_env_group.backend": "evg-ours" };
const duplicates = async (plan: Planned, mode: "change" | "destroy" | "refresh-only" = "change") => {
  const review = await reviewStack(plan, { ...STACK, directory: place.directory }, mode);
  const found = [...review.findings, ...review.drift].filter(({ kind }) => kind === "duplicate");
  return { ...review, found };
};

test("every review says where it would be applied to, and for which service", async () => {
  const { where, found, verdict } = await duplicates(EMPTY_PLAN);
  const service = { what: "service", id: SERVICE, name: "api", url: DASHBOARD };
  const workspace = { what: "workspace", id: "tea-1", name: "Ours" };
  const made = { what: "instance", name: "queues" };
  expect(where).toEqual({ host: "http://render.test/v1", places: [workspace, made, service] });
  const ours = { ...made, id: "red-ours", url: "https://dashboard.render.com/r/red-ours" };
  expect((await duplicates(planned(KNOWN))).where).toMatchObject({ places: [workspace, ours, service] });
  expect([found, verdict]).toEqual([[], "no changes"]);
  expect(state.readKnownIds).not.toHaveBeenCalled();
  vi.stubEnv("RENDER_OWNER_ID", "tea-2");
  const [other] = Object((await duplicates(EMPTY_PLAN)).where).places;
  expect(other).toEqual({ what: "workspace", id: "tea-2" });
});

test("of several services each that Terraform leaves to a variable is found by its own", async () => {
  const link = (key: string) => ({ service_ids: [["$", `{var.${key}_service_id}`].join("")] });
  const resource = { render_env_group_link: { web: link("web"), worker: link("worker") } };
  writeFileSync(join(place.directory, "cdk.tf.json"), JSON.stringify({ resource }));
  vi.stubEnv("TF_VAR_web_service_id", SERVICE);
  vi.stubEnv("TF_VAR_backend_service_id", "");
  const places = Object((await duplicates(EMPTY_PLAN)).where).places;
  expect(places.slice(1)).toMatchObject([{ id: SERVICE, name: "api" }]);
});

test("an instance that the state does not know is told although nothing changes, with both ids and the ways out", async () => {
  render.instances.push(
    instance("red-lost"),
    instance("red-a", { name: "mail" }),
    instance("red-b", { region: "ohio" }),
  );
  state.readKnownIds.mockResolvedValue(new Map([["render_keyvalue.redis", ["red-ours"]]]));
  for (const plan of [EMPTY_PLAN, planned(KNOWN)]) {
    const { found, verdict } = await duplicates(plan);
    expect(found).toMatchObject([{ address: "render_keyvalue.redis", acknowledge: true }]);
    expect(found[0]?.consequence).toContain("On Render beside red-ours there is another");
    expect(found[0]?.consequence).toContain(
      "Nothing in the workspace uses red-lost. Delete it if nobody needs it: curl",
    );
    expect(found[0]?.consequence).toContain(
      "terraform -chdir=cdktf.out/stacks/staging import render_keyvalue.redis red-lost",
    );
    expect(verdict).toBe("needs acknowledgement");
  }
  expect(state.readKnownIds).toHaveBeenCalledOnce();
});

test("where the plan would make one more, what is there is told", async () => {
  render = { instances: [instance("red-lost")], groups: [group("evg-lost")] };
  const { found } = await duplicates(
    planned({ "render_keyvalue.redis": undefined, "render_env_group.backend": undefined }),
  );
  expect(found.map(({ address }) => address)).toEqual(["render_env_group.backend", "render_keyvalue.redis"]);
  expect(found[0]?.consequence).toMatch(
    /there is an environment group "queues-env" already: evg-lost.*\/env-groups\/evg-lost"/,
  );
});

test("a namesake that preflight refuses is told once, and one that it passes over is told, too", async () => {
  render = { instances: [instance("red-lost")], groups: [] };
  const files = filesOf({ resource: { null_resource: { preflight: { provisioner: [provisionerOf("preflight")] } } } });
  const plan = planned({ "render_keyvalue.redis": undefined, "null_resource.preflight": undefined }, files);
  const refusals = async () => {
    const client = RenderClient.fromEnvironment(process.env);
    const stack = { directory: resolve("cdktf.out/stacks/staging"), known: async () => new Map() };
    const { results } = await preflight(client, INTENT, stack);
    return results.flatMap((result) => result.refusals.map(({ reason, remedy }) => `${reason}. ${remedy}`));
  };
  const told = async (ask: Preflight) => {
    const { findings } = await reviewStack(plan, { ...STACK, directory: place.directory }, "change", [], ask);
    return findings.filter(({ consequence }) => consequence.includes("already: red-lost")).map(({ kind }) => kind);
  };
  expect(await told(refusals)).toEqual(["refused"]);
  expect(await told(async () => ["it is suspended. Resume it."])).toEqual(["duplicate"]);
});

test("of two groups the one that is in use is never the one to delete", async () => {
  render.groups.push(group("evg-lost"));
  const { found } = await duplicates(planned(KNOWN));
  expect(found[0]?.consequence).toContain("Delete it if nobody needs it: curl");
  expect(found[0]?.consequence).not.toContain("env-groups/evg-ours");
});

test("where drift is looked for, a duplicate is some; where everything is destroyed, it stays behind", async () => {
  render.instances.push(instance("red-lost"));
  expect(await duplicates(planned(KNOWN), "refresh-only")).toMatchObject({ verdict: "changes", findings: [] });
  expect((await duplicates(planned(KNOWN), "destroy")).found).toHaveLength(1);
});

test("several of a name, and a state that cannot be read", async () => {
  render.instances.push(instance("red-lost"));
  state.readKnownIds.mockResolvedValue(undefined);
  const { found } = await duplicates(EMPTY_PLAN);
  expect(found[0]?.consequence).toContain("red-ours, red-lost, and the state could not be read");
});

test("where Render cannot be asked, a plan that makes nothing is reviewed all the same, and says so", async () => {
  render.status = 403;
  const { where, verdict } = await duplicates(planned(KNOWN));
  expect(where).toEqual({ unknown: expect.stringMatching(/^Render could not be asked: .*403/) });
  expect(verdict).toBe("no changes");
  await expect(duplicates(planned({ "render_keyvalue.redis": undefined }))).rejects.toThrow(
    /Render could not be asked which instances there are: .*403/,
  );
});
