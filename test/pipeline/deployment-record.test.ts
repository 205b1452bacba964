import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type DeploymentRecord, whoApplies, writeRecord } from "../../pipeline/deployment-record.ts";

test.each<[who: string, env: NodeJS.ProcessEnv]>([
  ["hub", { GITHUB_ACTOR: "hub", GITLAB_USER_LOGIN: "lab", USER: "me" }],
  ["lab", { GITHUB_ACTOR: "", GITLAB_USER_LOGIN: "lab", USER: "me" }],
  ["me", { GITLAB_USER_LOGIN: "", USER: "me" }],
  [userInfo().username, { USER: "" }],
  [userInfo().username, {}],
])("whoever applies is %s, from %o", (who, env) => {
  expect(whoApplies(env)).toBe(who);
});

test("a record is one file, which only its owner reads", () => {
  const directory = mkdtempSync(join(tmpdir(), "records-"));
  const record: DeploymentRecord = {
    schemaVersion: 1,
    environment: "staging",
    fingerprint: "f",
    plannedAt: "2026-06-17T08:00:00.000Z",
    by: "me",
    startedAt: "2026-06-17T08:15:30.000Z",
    outcome: "running",
    acknowledged: [],
    done: [],
    failed: [],
    checks: [],
  };
  const file = writeRecord(join(directory, "deployments"), record);
  expect(file).toBe(join(directory, "deployments/2026-06-17T08-15-30.000Z.json"));
  expect(writeRecord(join(directory, "deployments"), { ...record, outcome: "applied" })).toBe(file);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ ...record, outcome: "applied" });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  rmSync(directory, { recursive: true });
});
