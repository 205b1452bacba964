import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { baseOf } from "../../pipeline/base.ts";
import { commitOf } from "../../pipeline/commit.ts";

let repository: string;
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), "base-"));
  for (const name of ["CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "GITHUB_BASE_REF"]) {
    vi.stubEnv(name, "");
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(repository, { recursive: true, force: true });
});

const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x", ...args], {
    cwd: repository,
    encoding: "utf8",
  }).trim();

function write(version: number): void {
  mkdirSync(join(repository, "synthesized"), { recursive: true });
  writeFileSync(join(repository, "synthesized/staging.tf.json"), JSON.stringify({ version, "//": "a note" }));
}

/** Writes a version and commits it; gives the commit. */
function commit(version: number): string {
  write(version);
  git("add", "--all");
  git("commit", "--quiet", "--message", `version ${version}`);
  return git("rev-parse", "HEAD");
}

test("on a branch it is where that began; on the main one, before the last commit, unless something is not committed", async () => {
  git("init", "--quiet", "--initial-branch=main");
  const first = commit(1);
  const second = commit(2);
  expect(await baseOf("staging", repository)).toEqual({ commit: first, terraform: { version: 1 } });
  write(3);
  expect(await baseOf("staging", repository)).toEqual({ commit: second, terraform: { version: 2 } });
  git("checkout", "--quiet", "-b", "change");
  commit(4);
  commit(5);
  expect(await baseOf("staging", repository)).toEqual({ commit: second, terraform: { version: 2 } });
  expect(await baseOf("other", repository)).toEqual({
    missing: `synthesized/other.tf.json is not in commit ${second.slice(0, 10)}`,
  });
  vi.stubEnv("CI_MERGE_REQUEST_DIFF_BASE_SHA", first);
  expect(await baseOf("staging", repository)).toMatchObject({ commit: first });
  vi.stubEnv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "--output=x");
  expect(await baseOf("staging", repository)).toMatchObject({ commit: second });
});

test("where there is none, it is said why", async () => {
  expect(await baseOf("staging", repository)).toEqual({ missing: "this is no checkout by git, with commits" });
  git("init", "--quiet", "--initial-branch=feature");
  commit(1);
  expect(await baseOf("staging", repository)).toEqual({
    missing: "the branch that this is to go to is not in this checkout",
  });
  git("branch", "--move", "main");
  expect(await baseOf("staging", repository)).toEqual({ missing: "this checkout has no commit before this one" });
  git("checkout", "--quiet", "--orphan", "elsewhere");
  commit(2);
  expect(await baseOf("staging", repository)).toEqual({
    missing: "this checkout does not reach back to where the branch began",
  });
});

test("the commit of the sources is named with its author, and whether something is not committed", async () => {
  expect(await commitOf({}, repository)).toBeUndefined();
  git("init", "--quiet", "--initial-branch=main");
  const first = commit(1);
  expect(await commitOf({}, repository)).toEqual({ sha: first, author: "x" });
  const second = commit(2);
  const event = join(repository, "event.json");
  const pull = (sha: string) => writeFileSync(event, JSON.stringify({ pull_request: { head: { sha } } }));
  const env = { GITHUB_EVENT_PATH: event };
  pull(first);
  expect(await commitOf(env, repository)).toEqual({ sha: first, author: "x" });
  // One that this checkout does not have, and what is none.
  for (const sha of ["f".repeat(40), "--output=x"]) {
    pull(sha);
    expect(await commitOf(env, repository)).toMatchObject({ sha: second });
  }
  write(3);
  expect(await commitOf({}, repository)).toEqual({ sha: second, author: "x", dirty: true });
});
