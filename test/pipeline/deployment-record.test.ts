import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type DeploymentRecord, runOf, whoApplies, writeRecord } from "../../pipeline/deployment-record.ts";

test.each<[who: string, env: NodeJS.ProcessEnv]>([
  ["hub", { GITHUB_ACTOR: "hub", GITLAB_USER_LOGIN: "lab", USER: "me" }],
  ["lab", { GITHUB_ACTOR: "", GITLAB_USER_LOGIN: "lab", USER: "me" }],
  ["me", { GITLAB_USER_LOGIN: "", USER: "me" }],
  [userInfo().username, { USER: "" }],
  [userInfo().username, {}],
])("whoever applies is %s, from %o", (who, env) => {
  expect(whoApplies(env)).toBe(who);
});

const HUB = { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "team/redis", GITHUB_RUN_ID: "42" };

test.each<[env: NodeJS.ProcessEnv, run: string | undefined]>([
  [HUB, "https://github.com/team/redis/actions/runs/42"],
  [{ GITHUB_RUN_ID: "42" }, "42"],
  [{ CI_JOB_URL: "https://lab.example/jobs/7", CI_PIPELINE_ID: "6" }, "https://lab.example/jobs/7"],
  [{ CI_PIPELINE_ID: "6" }, "6"],
  [{ GITHUB_RUN_ID: "" }, undefined],
])("the run of %o is %s", (env, run) => {
  expect(runOf(env)).toEqual(run === undefined ? {} : { run });
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
