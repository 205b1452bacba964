import { describe, expect, test } from "vitest";
import { effectiveVariables } from "../../../checks/backend/effective-variables.ts";
import type { BackendSeen, BackendState } from "../../../checks/backend/observe-backend.ts";
import { backendDeploy } from "../../../checks/catalogue/backend-deploy.ts";
import { backendHealth } from "../../../checks/catalogue/backend-health.ts";
import { backendVariables } from "../../../checks/catalogue/backend-variables.ts";
import type { Check } from "../../../checks/check.ts";
import type { EnvGroup } from "../../../render/api/env-group.ts";
import { situation } from "../support/judge.ts";

const CHANGED = "2026-11-22T12:00:00.000Z";
const BEFORE = "2026-11-22T11:59:59.999Z";
const AFTER = "2026-11-22T12:00:00.001Z";

const GOOD: BackendState = {
  description: {
    name: "backend",
    serviceId: "srv-d00000000000000000a0",
    groupName: "queues-env",
    env: { ENABLE_QUEUES: "true" },
    healthPath: "/health",
    rollOutSeconds: 60,
  },
  variables: [{ key: "REDIS_URL", from: { group: "queues-env" }, asExpected: true }],
  changedAt: CHANGED,
  deploys: [{ id: "dep-1", status: "live", createdAt: AFTER }],
  health: { well: true, outcome: "200", milliseconds: 12 },
};

async function judge(check: Check, change: Partial<BackendState> | undefined, seen?: BackendSeen) {
  const backend = seen ?? (change === undefined ? undefined : { state: { ...GOOD, ...change } });
  const all = { ...situation(), backend };
  const applies = check.applies(all);
  return applies === true ? check.run(all) : { status: "skip", reason: applies };
}

test.each<[string, Check, Partial<BackendState>, string]>([
  ["all as set", backendVariables, {}, "pass"],
  ["one that is missing", backendVariables, { variables: [{ key: "A", from: undefined, asExpected: false }] }, "fail"],
  [
    "another value on the service",
    backendVariables,
    { variables: [{ key: "A", from: "service", asExpected: false }] },
    "fail",
  ],
  [
    "the same value on the service",
    backendVariables,
    { variables: [{ key: "A", from: "service", asExpected: true }] },
    "warn",
  ],
  ["a live deploy after the change", backendDeploy, {}, "pass"],
  ["a live deploy before it", backendDeploy, { deploys: [{ id: "d", status: "live", createdAt: BEFORE }] }, "fail"],
  [
    "a newer one that is not live yet",
    backendDeploy,
    {
      deploys: [
        { id: "d", status: "created", createdAt: AFTER },
        { id: "e", status: "live", createdAt: BEFORE },
      ],
    },
    "fail",
  ],
  ["no live deploy in sight", backendDeploy, { deploys: [] }, "unknown"],
  ["no link", backendDeploy, { changedAt: undefined }, "fail"],
  ["an answer", backendHealth, {}, "pass"],
  ["an error", backendHealth, { health: { well: false, outcome: "503", milliseconds: 30_000 } }, "fail"],
  ["no health path", backendHealth, { health: undefined }, "skip"],
])("%s", async (_what, check, change, status) => {
  expect(await judge(check, change)).toMatchObject({ status });
});

describe.each([backendVariables, backendDeploy, backendHealth])("$id", (check) => {
  test("says nothing without a backend", async () => {
    expect(await judge(check, undefined)).toMatchObject({ status: "skip" });
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
    [group("g", CHANGED, "2")],
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
