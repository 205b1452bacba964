import { describe, expect, test } from "vitest";
import { serviceDeploy, serviceHealth, serviceLinks, serviceVariables } from "../../../checks/catalogue/service.ts";
import type { Check } from "../../../checks/check.ts";
import {
  effectiveVariables,
  partOf,
  type ServiceSeen,
  type ServiceState,
} from "../../../checks/observation/service.ts";
import type { EnvGroup } from "../../../render/api/endpoints.ts";
import { found, situation } from "../support/judge.ts";

const CREATED = "2026-11-22T12:00:00.000Z";
const BEFORE = "2026-11-22T11:59:59.999Z";
const AFTER = "2026-11-22T12:00:00.001Z";

const GOOD: ServiceState = {
  description: {
    name: "backend",
    serviceId: "srv-d00000000000000000a0",
    groupName: "queues-env",
    env: { ENABLE_QUEUES: "true" },
    healthPath: "/health",
    uses: { REDIS_URL: { redis: "redis", as: "url" } },
    drain: {},
    rollOutSeconds: 60,
  },
  variables: [{ key: "REDIS_URL", from: { group: "queues-env" }, asExpected: true }],
  type: "web_service",
  lastRunAt: undefined,
  otherLinks: [],
  groupCreatedAt: CREATED,
  deploys: [{ id: "dep-1", status: "live", createdAt: AFTER }],
  health: { well: true, outcome: "200", milliseconds: 12 },
};

function judge(check: Check, change: Partial<ServiceState> | undefined, seen?: ServiceSeen) {
  const service = seen ?? (change === undefined ? undefined : { state: { ...GOOD, ...change } });
  return found(check, { ...situation(), service });
}

test.each<[string, Check, Partial<ServiceState>, string]>([
  ["all as set", serviceVariables, {}, "pass"],
  ["alone in its group", serviceLinks, {}, "pass"],
  ["linked by hand", serviceLinks, { otherLinks: [{ id: "srv-other", name: "Other API" }] }, "warn"],
  ["not linked at all", serviceLinks, { groupCreatedAt: undefined }, "unknown"],
  ["a cron job", serviceDeploy, { type: "cron_job", deploys: [] }, "skip"],
  ["a cron job that is not linked", serviceDeploy, { type: "cron_job", groupCreatedAt: undefined }, "fail"],
  ["one that is missing", serviceVariables, { variables: [{ key: "A", from: undefined, asExpected: false }] }, "fail"],
  [
    "another value on the service",
    serviceVariables,
    { variables: [{ key: "A", from: "service", asExpected: false }] },
    "fail",
  ],
  [
    "the same value on the service",
    serviceVariables,
    { variables: [{ key: "A", from: "service", asExpected: true }] },
    "warn",
  ],
  ["a live deploy, created after the group", serviceDeploy, {}, "pass"],
  [
    "a live deploy at the same moment",
    serviceDeploy,
    { deploys: [{ id: "d", status: "live", createdAt: CREATED }] },
    "fail",
  ],
  [
    "a live deploy before the group",
    serviceDeploy,
    { deploys: [{ id: "d", status: "live", createdAt: BEFORE }] },
    "fail",
  ],
  [
    "a newer one that is not live yet",
    serviceDeploy,
    {
      deploys: [
        { id: "d", status: "created", createdAt: AFTER },
        { id: "e", status: "live", createdAt: BEFORE },
      ],
    },
    "fail",
  ],
  ["a live deploy without a time", serviceDeploy, { deploys: [{ id: "d", status: "live", createdAt: "" }] }, "unknown"],
  ["no live deploy in sight", serviceDeploy, { deploys: [] }, "unknown"],
  ["no link", serviceDeploy, { groupCreatedAt: undefined }, "fail"],
  ["an answer", serviceHealth, {}, "pass"],
  ["an error", serviceHealth, { health: { well: false, outcome: "503", milliseconds: 30_000 } }, "fail"],
  ["no health path", serviceHealth, { health: undefined }, "skip"],
  ["a path that cannot be asked", serviceHealth, { health: { reason: "it is private", remedy: "Ask." } }, "unknown"],
])("%s", async (_what, check, change, status) => {
  expect(await judge(check, change)).toMatchObject({ status });
});

test("says which variables should come from where, and which do not", async () => {
  const right = { key: "REDIS_URL", from: { group: "queues-env" }, asExpected: true } as const;
  const all = [
    right,
    { key: "A", from: "service", asExpected: false },
    { key: "B", from: undefined, asExpected: false },
  ] as const;
  expect(await judge(serviceVariables, { variables: all })).toMatchObject({
    evidence: {
      expected: 'REDIS_URL, A, B from the group "queues-env"',
      actual: "A set on the service itself, with another value, B is not set",
    },
    remedy: expect.stringContaining("from backend itself"),
  });
  expect(await judge(serviceVariables, { variables: [right] })).toMatchObject({
    evidence: { actual: "REDIS_URL as set" },
  });
  const other = { ...right, asExpected: false };
  expect(await judge(serviceVariables, { variables: [other] })).toMatchObject({
    evidence: { actual: 'REDIS_URL from the group "queues-env", with another value' },
    remedy: expect.stringContaining("outside Terraform"),
  });
});

test("says of a deploy what Render shows, and what it does not", async () => {
  expect(await judge(serviceDeploy, {})).toMatchObject({
    status: "pass",
    evidence: {
      expected: `a live deploy, created after the group "queues-env" (${CREATED})`,
      actual: `dep-1, created ${AFTER} (Render does not show when the group's variables last changed)`,
    },
  });
});

describe.each([serviceVariables, serviceDeploy, serviceHealth])("$id", (check) => {
  test("is unknown without a service", async () => {
    expect(await judge(check, undefined)).toMatchObject({ status: "unknown", reason: "no service is known" });
  });

  test("is unknown when the backend cannot be seen", async () => {
    const obstacle = { reason: "there is no service", remedy: "Name another." };
    expect(await judge(check, undefined, { obstacle })).toMatchObject({ status: "unknown", ...obstacle });
  });
});

function group(name: string, createdAt: string, value: string): EnvGroup {
  const envVars = [{ key: "A", value }];
  return {
    id: `evg-${name}`,
    name,
    ownerId: "tea-1",
    serviceLinks: [],
    envVars,
    secretFiles: [],
    createdAt,
    updatedAt: createdAt,
  };
}

test.each([
  [
    "the service's own wins",
    [{ key: "A", value: "1" }],
    [group("g", CREATED, "2")],
    { from: "service", asExpected: true },
  ],
  [
    "then the group created last",
    [],
    [group("new", AFTER, "1"), group("old", BEFORE, "2")],
    { from: { group: "new" }, asExpected: true },
  ],
  [
    "also when it is listed last",
    [],
    [group("old", BEFORE, "1"), group("new", AFTER, "2")],
    { from: { group: "new" }, asExpected: false },
  ],
  ["none is none", [], [], { from: undefined, asExpected: false }],
])("%s", (_what, own, groups, expected) => {
  expect(effectiveVariables({ A: "1" }, own, groups)).toEqual([{ key: "A", ...expected }]);
});

test("a service that was linked by hand is named, with the line that adds it to the file", () => {
  const uses = { CACHE_URL: { redis: "cache", as: "url", database: 2 }, HOST: { redis: "queue", as: "host" } } as const;
  const result = judge(serviceLinks, {
    description: { ...GOOD.description, uses },
    otherLinks: [{ id: "srv-other", name: "2nd Other-API" }],
  });
  expect(result).toMatchObject({
    status: "warn",
    evidence: { actual: "2nd Other-API (srv-other) linked in the dashboard; not in the file" },
    remedy: expect.stringContaining(
      'nd_other_api: { name: "2nd Other-API", id: "srv-other", ' +
        'uses: { CACHE_URL: { redis: "cache", database: 2 }, HOST: { redis: "queue", as: "host" } } },',
    ),
  });
});

test("of a cron job it is said that its next run reads the variables, and when it last ran", () => {
  expect(judge(serviceDeploy, { type: "cron_job" })).toMatchObject({
    reason: "backend is a cron job: its next run reads the variables (no run is known yet)",
  });
  expect(judge(serviceDeploy, { type: "cron_job", lastRunAt: AFTER })).toMatchObject({
    reason: `backend is a cron job: its next run reads the variables (the last one ended ${AFTER})`,
  });
});

test.each([
  ["redis://red-a:6379", { as: "url" }, "redis://red-a:6379"],
  ["redis://red-a:6379", { as: "url", database: 0 }, "redis://red-a:6379/0"],
  ["redis://default:p%40ss@red-a:6379", { as: "host" }, "red-a"],
  ["redis://default:p%40ss@red-a:6379", { as: "port" }, "6379"],
  ["redis://default:p%40ss@red-a:6379", { as: "password" }, "p@ss"],
] as const)("of %s %j is %s", (url, use, part) => {
  expect(partOf(url, use)).toBe(part);
});
