import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { runChild } from "../../runtime/child-process.ts";

const job = z.looseObject({ script: z.array(z.string()) });
const text = readFileSync(join(import.meta.dirname, "../../docs/examples/gitlab-ci.yml"), "utf8");
const gitlab = z
  .looseObject({
    default: z.looseObject({ before_script: z.array(z.string()) }),
    ...{ review: job, plan: job, apply: job, drift: job },
  })
  .parse(parse(text));

/** This project's commands: they end, and write, as they are told, and note how they were called. */
const NPM = `#!/bin/bash
printf '%s\\n' "$*" >> calls.txt
case "$*" in
  *" plan "*)
    mkdir -p ".plans/$ENVIRONMENT"
    echo plan > ".plans/$ENVIRONMENT/plan.tfplan"; echo review > ".plans/$ENVIRONMENT/review.json"
    echo '{"reviews":[{"environment":"production","fingerprint":"f1"}]}' > review.json
    echo "$SAYS"; exit "$PLAN_ENDS" ;;
  *" apply "*) cat .plans/*/plan.tfplan ;;
esac`;

/** GitLab's API: it answers what is in the directory, when the token is right. */
const CURL = `#!/bin/bash
grep -q 'PRIVATE-TOKEN: review-token' || exit 22
case "\${!#}" in
  */repository/commits/c0ffee/merge_requests) cat requests.json ;;
  */jobs/artifacts/refs%2Fmerge-requests%2F7%2Fhead/raw/review.json?job=review) cat reviewed.json ;;
  *) exit 22 ;;
esac`;

/** Runs a job as GitLab's runner does: its lines in one bash, after those that come before every job. */
function pipeline(files: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "gitlab-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "bin"));
  for (const [name, program] of [["npm", NPM] as const, ["curl", CURL] as const]) {
    writeFileSync(join(directory, "bin", name), program, { mode: 0o755 });
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return {
    read: (name: string) => (existsSync(join(directory, name)) ? readFileSync(join(directory, name), "utf8") : ""),
    run: async (name: "review" | "plan" | "apply" | "drift", env: Readonly<Record<string, string>> = {}) => {
      const script = [...gitlab.default.before_script, ...gitlab[name].script].join("\n");
      const { code, stdout, stderr } = await runChild("bash", ["-eo", "pipefail", "-c", script], {
        cwd: directory,
        env: {
          PATH: `${join(directory, "bin")}:${process.env.PATH}`,
          ...{
            ENVIRONMENT: "production",
            PLAN_ENDS: "2",
            PLAN_PASSPHRASE: "a passphrase",
            REVIEW_TOKEN: "review-token",
          },
          ...{
            CI_PIPELINE_SOURCE: "push",
            CI_COMMIT_SHA: "c0ffee",
            CI_PROJECT_ID: "3",
            CI_API_V4_URL: "https://gitlab/api/v4",
          },
          ...env,
        },
      });
      return { code, output: stdout + stderr };
    },
  };
}

const REVIEWED = {
  "requests.json": '[{"iid":7}]',
  "reviewed.json": '{"reviews":[{"environment":"production","fingerprint":"f1"}]}',
};

test("a merge request's plan is reviewed, and not sealed", async () => {
  const { run, read } = pipeline();
  expect((await run("review")).code).toBe(0);
  expect(read("calls.txt")).toMatch(
    /^ci --omit=dev --ignore-scripts\nrun --silent synth -- --check\nrun --silent plan -- production /,
  );
  expect([read("review.json"), read("plan.sealed")]).toEqual([expect.stringContaining("f1"), ""]);
  expect((await run("review", { PLAN_ENDS: "1" })).code).toBe(1);
});

test("what was merged with its review is sealed, and applied with what is acknowledged", async () => {
  const { run, read } = pipeline(REVIEWED);
  const planned = await run("plan");
  expect(planned.code, planned.output).toBe(0);
  expect(read("plan.env")).toMatch(/^DIGEST=[0-9a-f]{64}\nFINGERPRINT=f1\nCODE=2\n$/);
  expect(read("plan.sealed")).toMatch(/^Salted__/);
  const given = Object.fromEntries(
    read("plan.env")
      .trim()
      .split("\n")
      .map((line) => line.split("=")),
  );
  const applied = await run("apply", { ...given, ACKNOWLEDGE: "data-loss:render_keyvalue.redis *" });
  expect([applied.code, applied.output]).toEqual([0, "plan\n"]);
  expect(read("calls.txt")).toContain(
    "run --silent apply -- production --fingerprint f1 --ack=data-loss:render_keyvalue.redis --ack=*\n",
  );
  await run("apply", { ...given, ACKNOWLEDGE: "" });
  expect(read("calls.txt")).toMatch(/--fingerprint f1\n$/);
  expect((await run("apply", { ...given, DIGEST: "0".repeat(64) })).code).toBe(1);
  expect(await run("apply", { CODE: "0" })).toMatchObject({ code: 0, output: "Nothing to apply.\n" });
});

test.each([
  [
    "another review",
    { ...REVIEWED, "reviewed.json": '{"reviews":[{"environment":"production","fingerprint":"f2"}]}' },
    {},
    "fingerprint f2, now f1",
  ],
  ["no merge request", { ...REVIEWED, "requests.json": "[]" }, {}, "fingerprint none, now f1"],
  ["no review", { "requests.json": '[{"iid":7}]' }, {}, "now f1"],
  ["no token", REVIEWED, { REVIEW_TOKEN: "" }, "fingerprint none, now f1"],
])("what was merged with %s is not sealed", async (_, files, env, says) => {
  const { run, read } = pipeline(files);
  const { code, output } = await run("plan", env);
  expect([code, output]).toEqual([1, expect.stringContaining(says)]);
  expect(read("plan.sealed")).toBe("");
});

test.each([
  ["a pipeline that was started by hand", { CI_PIPELINE_SOURCE: "web" }, "CODE=2"],
  ["a plan without changes", { PLAN_ENDS: "0" }, "CODE=0"],
])("%s needs no review", async (_, env, says) => {
  const { run, read } = pipeline();
  const { code, output } = await run("plan", env);
  expect(code, output).toBe(0);
  expect(read("plan.env")).toContain(says);
});

test.each([
  [{ PLAN_ENDS: "0" }, 0],
  [{ PLAN_ENDS: "2" }, 1],
  [{ PLAN_ENDS: "1", SAYS: "Error acquiring the state lock" }, 75],
])("a look for drift that comes to %o ends with %i", async (env, code) => {
  expect((await pipeline().run("drift", env)).code).toBe(code);
  expect(gitlab.drift.allow_failure).toEqual({ exit_codes: 75 });
});

test("no secret reaches what is installed, no variable is split, and merge requests' jobs are told to get what they need", () => {
  const names = ["RENDER_API_KEY", "PG_CONN_STR", "PLAN_PASSPHRASE", "REVIEW_TOKEN"];
  expect(gitlab.default.before_script).toEqual([
    `env ${names.map((name) => `-u ${name}`).join(" ")} npm ci --omit=dev --ignore-scripts`,
  ]);
  const scripts = [gitlab.review, gitlab.plan, gitlab.apply, gitlab.drift].flatMap(({ script }) => script);
  // A variable stands between quotes, or is all that is assigned.
  const bare = scripts.flatMap((line) => line.replaceAll(/"[^"]*"|'[^']*'|\w+=\$\?/g, "").match(/\$[\w{]\w*/g) ?? []);
  expect(bare).toEqual([]);
  expect(text).toMatch(/not protected, because merge requests' pipelines get no protected ones: RENDER_API_KEY/);
});
