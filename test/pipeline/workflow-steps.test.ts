import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { runChild } from "../../runtime/child-process.ts";
import { type Event, WorkflowRun } from "./workflow-run.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

/** This project's commands: they say, write and end as they are told. */
const NPM = `#!/bin/bash
case "$*" in
  *"synth -- --check"*) exit "$SYNTH_ENDS" ;;
  *" plan "*)
    mkdir -p ".plans/$ENVIRONMENT"
    echo plan > ".plans/$ENVIRONMENT/plan.tfplan"; echo review > ".plans/$ENVIRONMENT/review.json"
    echo '{"reviews":[{"environment":"production","fingerprint":"f1"}]}' > review.json
    [[ "$*" =~ markdown=([a-z.]+) ]] && echo "<!-- redis-plan-review $(xargs -n 1 <<< "$ENVIRONMENT" | sort | xargs) --> planned" > "\${BASH_REMATCH[1]}"
    echo "$SAYS"; exit "$PLAN_ENDS" ;;
  *" apply "*) exit "$APPLY_ENDS" ;;
  *" verify "*) echo verified > verification.md ;;
esac`;

const issuesSchema = z.array(z.object({ title: z.string(), state: z.string(), body: z.string() }));

/** A repository on GitHub whose project's own commands are played. */
function repository({ state, environments }: { readonly state: "local" | "pg"; readonly environments?: string }) {
  const directories = ["runner", "github"].map((name) => mkdtempSync(join(tmpdir(), `${name}-`)));
  const [path = "", world = ""] = directories;
  onTestFinished(() => {
    for (const directory of directories) rmSync(directory, { recursive: true });
  });
  cpSync(join(REPOSITORY, ".github"), join(path, ".github"), { recursive: true });
  if (environments !== undefined) {
    const file = join(path, ".github/workflows/plan.yml");
    writeFileSync(file, readFileSync(file, "utf8").replace("ENVIRONMENT: production", `ENVIRONMENT: ${environments}`));
  }
  const terraform = readFileSync(join(REPOSITORY, "synthesized/production.tf.json"), "utf8");
  mkdirSync(join(path, "synthesized"));
  for (const name of ["production", "staging"]) {
    writeFileSync(join(path, `synthesized/${name}.tf.json`), terraform.replace('"local": {', `"${state}": {`));
  }
  mkdirSync(join(world, "bin"));
  writeFileSync(join(world, "bin/npm"), NPM, { mode: 0o755 });
  writeFileSync(join(world, "bin/gh"), readFileSync(join(import.meta.dirname, "gh.mjs")), { mode: 0o755 });
  writeFileSync(join(world, "pull.json"), JSON.stringify({ head: "beef", run: "99" }));
  writeFileSync(join(world, "reviewed.json"), '{"reviews":[{"environment":"production","fingerprint":"f1"}]}');
  const read = (name: string): unknown =>
    existsSync(join(world, name)) ? JSON.parse(readFileSync(join(world, name), "utf8")) : [];
  return {
    comments: () => read("comments.json"),
    issues: () => issuesSchema.parse(read("issues.json")),
    async run(workflow: string, told: Readonly<Record<string, string>> = {}, event: Partial<Event> = {}) {
      for (const name of [".plans", "review.md", "review.json", "drift.md", "report.md"])
        rmSync(join(path, name), { recursive: true, force: true });
      const checkout = {
        path,
        run: async (command: string, args: readonly string[], { env = {} } = {}) => {
          const { code, stdout, stderr } = await runChild(command, args, { cwd: path, env });
          return { exitCode: code ?? 1, stdout, output: stdout + stderr };
        },
      };
      const pull = { number: 7, head: { repo: { full_name: "team/redis" }, sha: "beef" } };
      const happened: Event = {
        github: { event_name: "push", sha: "c0ffee", event: { pull_request: pull } },
        secrets: { RENDER_API_KEY: "key", PLAN_PASSPHRASE: "a passphrase" },
        vars: { RENDER_OWNER_ID: "tea-1", BACKEND_SERVICE_ID: "srv-1" },
        ...event,
      };
      const shell = { SYNTH_ENDS: "0", PLAN_ENDS: "2", APPLY_ENDS: "0", SAYS: "", ...told };
      return new WorkflowRun(checkout, world, happened, shell).run(
        join(path, `.github/workflows/${workflow}.yml`),
        () => {},
      );
    },
  };
}

test("a pull request that several environments are planned in has one comment over all of them", async () => {
  const { run, comments } = repository({ state: "pg", environments: "staging production" });
  for (const ends of ["2", "1"]) {
    const [job] = Object.values(await run("plan", { PLAN_ENDS: ends, SYNTH_ENDS: ends === "1" ? "1" : "0" }));
    expect(job?.result).toBe(ends === "1" ? "failure" : "success");
    expect(comments()).toMatchObject([
      { body: expect.stringMatching(/^<!-- redis-plan-review production staging -->/) },
    ]);
  }
});

test.each(["plan", "apply", "drift"])("as committed, %s says in its first step what must be set", async (workflow) => {
  const [job] = Object.values(await repository({ state: "local" }).run(workflow, {}, { secrets: {}, vars: {} }));
  expect([job?.result, job?.steps[0]?.name]).toEqual(["failure", "What must be set"]);
  const said = job?.steps[0]?.output ?? "";
  expect(said).toMatch(
    /::error .*"production" keeps its state in a local file.*environments\/production\.ts.*docs\/state\.md/,
  );
  for (const missing of ["RENDER_API_KEY is missing", "RENDER_OWNER_ID is missing", "BACKEND_SERVICE_ID is missing"])
    expect(said).toContain(missing);
  expect(said.includes("PLAN_PASSPHRASE")).toBe(workflow === "apply");
});

test("a pull request that cannot be planned does not keep the review of an older commit", async () => {
  const { run, comments } = repository({ state: "pg" });
  expect((await run("plan")).plan?.result).toBe("success");
  expect(comments()).toMatchObject([{ body: expect.stringContaining("planned") }]);
  expect((await run("plan", { SYNTH_ENDS: "1" })).plan?.result).toBe("failure");
  expect(comments()).toMatchObject([
    {
      body: expect.stringMatching(/not planned[\s\S]* of beef: [\s\S]*actions\/runs\/100\)\. No earlier review holds/),
    },
  ]);
});

test("an apply that fails opens one issue, which the next one that fails updates, and one that succeeds closes", async () => {
  const { run, issues } = repository({ state: "pg" });
  expect((await run("apply", { APPLY_ENDS: "1" })).apply?.result).toBe("failure");
  expect(issues()).toMatchObject([
    { title: "production is not applied", state: "open", body: expect.stringContaining("plan success, apply failure") },
  ]);
  const unplanned = await run("apply", { PLAN_ENDS: "1" });
  expect([unplanned.plan?.result, unplanned.apply?.result]).toEqual(["failure", "skipped"]);
  expect(issues()).toMatchObject([{ state: "open", body: expect.stringContaining("plan failure, apply skipped") }]);
  expect((await run("apply")).apply?.result).toBe("success");
  expect(issues()).toMatchObject([{ state: "closed" }]);
});

test("a plan that says that it must be acknowledged waits, in an issue, for somebody who starts it by hand", async () => {
  const { run, issues } = repository({ state: "pg" });
  expect((await run("apply", { PLAN_ENDS: "3" })).plan?.result).toBe("failure");
  expect(issues()).toMatchObject([{ state: "open" }]);
  const byHand = {
    github: { event_name: "workflow_dispatch", sha: "c0ffee", event: {} },
    inputs: { acknowledge: "cost" },
  };
  expect((await run("apply", { PLAN_ENDS: "3" }, byHand)).apply?.result).toBe("success");
  expect(issues()).toMatchObject([{ state: "closed" }]);
});

/** What Terraform says where the state is locked since then. */
const locked = (since: Date) =>
  `Error acquiring the state lock\n  Lock Info:\n  Who:       octocat\n  Created:   ${since.toISOString().replace("T", " ").replace("Z", "000 +0000 UTC")}`;

test("while somebody applies, drift is busy and changes no issue; a lock of hours is a problem", async () => {
  const { run, issues } = repository({ state: "pg" });
  const busy = await run("drift", { PLAN_ENDS: "1", SAYS: locked(new Date()) });
  expect(busy.look?.result, JSON.stringify(busy.look?.steps)).toBe("success");
  expect(busy.look?.steps.at(-1)?.output).toContain("::notice title=Busy::");
  expect(issues()).toEqual([]);
  const left = await run("drift", { PLAN_ENDS: "1", SAYS: locked(new Date(Date.now() - 3 * 3_600_000)) });
  expect(left.look?.result).toBe("failure");
  expect(issues()).toMatchObject([
    {
      title: "production is not as described",
      state: "open",
      body: expect.stringContaining("The state is locked since 20"),
    },
  ]);
  expect((await run("drift", { PLAN_ENDS: "0" })).look?.result).toBe("success");
  expect(issues()).toMatchObject([{ state: "closed" }]);
});
