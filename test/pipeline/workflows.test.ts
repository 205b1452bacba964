import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import type { ShortEnvironment } from "../../environments/define.ts";
import { deploymentRecordSchema } from "../../pipeline/deployment-record.ts";
import { API } from "../../render/api/endpoints.ts";
import { Project } from "./project.ts";
import { StateServer } from "./state-server.ts";
import { actionSchema, type Event, WorkflowRun, workflowSchema } from "./workflow-run.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const WORKFLOWS = join(REPOSITORY, ".github/workflows");
const FILES = readdirSync(WORKFLOWS).map((name): [string, string] => [name, join(WORKFLOWS, name)]);
const read = (file: string) => workflowSchema.parse(parse(readFileSync(file, "utf8")));
const ACTIONS = readdirSync(join(WORKFLOWS, "../actions")).map((name): [string, string] => [
  name,
  join(WORKFLOWS, "../actions", name, "action.yml"),
]);

describe.each(FILES)("%s", (_name, file) => {
  const workflow = read(file);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test("has the permissions it needs and no more", () => {
    expect(workflow.permissions.contents).toBe("read");
    expect(Object.values(workflow.permissions)).not.toContain("write-all");
  });

  test("puts nothing that others write into a command", () => {
    for (const { run = "" } of steps) expect(run).not.toContain("${{");
  });

  test("checks that the committed Terraform is current before it plans a change", () => {
    const commands = steps.map(({ run = "" }) => run);
    const plan = commands.findIndex((run) => run.includes("run --silent plan") && !run.includes("--refresh-only"));
    if (plan >= 0) expect(commands.slice(0, plan).join()).toContain("synth -- --check");
  });

  test("uploads no plan in clear", () => {
    for (const { uses = "", with: settings } of steps) {
      if (uses.startsWith("actions/upload-artifact")) {
        expect(["review.json", "plan.sealed", ".plans/*/deployments/*.json"]).toContain(settings.path);
      }
    }
  });
});

describe.each([...FILES, ...ACTIONS])("%s", (_name, file) => {
  const text = readFileSync(file, "utf8");

  test("uses every action by its content, and says which version that is", () => {
    const used = [...text.matchAll(/uses: (.*)/g)].map(([, action = ""]) => action);
    const pinned = /^(\.\/\.github\/actions\/[a-z]+|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;
    expect(used.filter((action) => !pinned.test(action))).toEqual([]);
  });

  test("installs without running what is installed, and leaves no token in the checkout", () => {
    expect(text.replaceAll(/npm ci (--omit=dev )?--ignore-scripts/g, "")).not.toMatch(/npm (ci|install)\b/);
    expect(text.match(/persist-credentials: false/g)?.length).toBe(text.match(/actions\/checkout@/g)?.length);
  });
});

test.each(ACTIONS)("the action %s puts nothing that others write into a command", (_name, file) => {
  for (const { run = "" } of actionSchema.parse(parse(readFileSync(file, "utf8"))).runs.steps)
    expect(run).not.toContain("${{");
});

test.each(FILES)("%s gives its secrets only to the steps that need them", (_name, file) => {
  const { jobs, env } = read(file);
  const given = (variables: object) => Object.keys(variables).filter((name) => hasSecret(Reflect.get(variables, name)));
  expect([env, ...Object.values(jobs).map((job) => job.env)].flatMap(given)).toEqual([]);
  for (const step of Object.values(jobs).flatMap((job) => job.steps)) {
    expect(given(step.with)).toEqual([]);
    for (const name of given(step.env)) expect(step.run).toMatch(USES[name] ?? /never/);
  }
});

/** Whether the value is, or may be, a secret; whether one is set is none. */
function hasSecret(value: unknown): boolean {
  return /secrets\.\w+(?! != '')\b(?! != '')/.test(String(value));
}

/** What needs each secret. */
const USES: Readonly<Record<string, RegExp>> = {
  RENDER_API_KEY: /npm run --silent (plan|apply|verify) -- /,
  PG_CONN_STR: /npm run --silent (plan|apply) -- /,
  PLAN_PASSPHRASE: /openssl enc .*-pass env:PLAN_PASSPHRASE/,
};

test("the apply is behind a protected environment, and of the plan that was made before", () => {
  const { jobs } = read(join(WORKFLOWS, "apply.yml"));
  expect(jobs.apply?.environment).toBe("production");
  expect(JSON.stringify(jobs.apply)).not.toContain("run --silent plan");
});

test("nobody waits in a queue of which GitHub keeps only the last: what changes the state meets at its lock", () => {
  expect(FILES.map(([name, file]) => [name, "concurrency" in read(file)])).toEqual([
    ["apply.yml", false],
    ["drift.yml", false],
    ["plan.yml", true],
    ["test.yml", true],
  ]);
});

test("the example for GitLab has the same commands", () => {
  const gitlab = z
    .looseObject({ plan: job(), apply: job(), drift: job() })
    .parse(parse(readFileSync(join(REPOSITORY, "docs/examples/gitlab-ci.yml"), "utf8")));
  const github = FILES.map(([, file]) => readFileSync(file, "utf8")).join("\n");
  const scripts = [...gitlab.plan.script, ...gitlab.apply.script, ...gitlab.drift.script].join("\n");
  for (const cipher of scripts.match(/openssl enc .*?PASSPHRASE/g) ?? []) expect(github).toContain(cipher);
  for (const command of [
    "synth -- --check",
    'plan -- "$ENVIRONMENT"',
    'apply -- "$ENVIRONMENT" --fingerprint "$FINGERPRINT"',
    'verify -- "$ENVIRONMENT"',
  ]) {
    expect(scripts).toContain(`npm run --silent ${command}`);
    expect(github).toContain(`npm run --silent ${command}`);
  }
});

function job() {
  return z.looseObject({ script: z.array(z.string()) });
}

/** One repository's life in pipelines, in order. */
describe("against a Render on this machine", { timeout: 300_000 }, () => {
  let project: Project;
  let state: StateServer;
  const world = mkdtempSync(join(tmpdir(), "github-"));
  const gitlabWorld = mkdtempSync(join(tmpdir(), "gitlab-"));

  beforeAll(async () => {
    project = await Project.start();
    state = await StateServer.start();
    mkdirSync(join(world, "bin"));
    copyFileSync(join(import.meta.dirname, "gh.mjs"), join(world, "bin/gh"));
    chmodSync(join(world, "bin/gh"), 0o755);
  });
  afterAll(async () => {
    await project.stop();
    state.stop();
    for (const directory of [world, gitlabWorld]) rmSync(directory, { recursive: true, force: true });
  });

  function describeProduction(redis: Partial<ShortEnvironment["redis"]>) {
    const environment: ShortEnvironment = {
      name: "production",
      redis: {
        name: "jobs",
        region: "oregon",
        plan: "starter",
        ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "the runner" }],
        ...redis,
      },
      backend: { name: "connect-yw-backend" },
      state: { type: "http", address: state.address, lockAddress: state.address, unlockAddress: state.address },
      checks: { deadlineSeconds: 30 },
    };
    const source = `import { defineEnvironment } from "./define.ts";\n\nexport const production = defineEnvironment(${JSON.stringify(environment)});\n`;
    writeFileSync(join(project.path, "environments/production.ts"), source);
  }

  async function commitSynthesized() {
    expect((await project.run(process.execPath, ["render-redis.mjs", "synth"])).exitCode).toBe(0);
  }

  /** As a runner finds it: a fresh checkout, without what another job left behind. */
  function freshRunner() {
    for (const name of [".plans", "cdktf.out", "review.json", "plan.sealed", "review.md", "reviewed"]) {
      rmSync(join(project.path, name), { recursive: true, force: true });
    }
    for (const name of ["artifacts", "summary.md"]) rmSync(join(world, name), { recursive: true, force: true });
  }

  function workflow(name: string, event: Partial<Event> = {}, betweenJobs: () => void = () => {}) {
    freshRunner();
    const run = new WorkflowRun(project, world, {
      github: {
        event_name: "push",
        sha: "c0ffee",
        event: { pull_request: { number: 7, head: { repo: { full_name: "team/redis" } } } },
      },
      secrets: { RENDER_API_KEY: project.render.apiKey, PLAN_PASSPHRASE: "correct horse battery staple" },
      vars: { RENDER_OWNER_ID: project.render.ownerId, BACKEND_SERVICE_ID: project.render.backendServiceId },
      ...event,
    });
    return run.run(join(WORKFLOWS, `${name}.yml`), betweenJobs);
  }

  /** What the pull request's review was, for a later run to be held against. */
  function merge() {
    copyFileSync(join(world, "artifacts/review/review.json"), join(world, "reviewed.json"));
    writeFileSync(join(world, "pull.json"), JSON.stringify({ head: "beef", run: "99" }));
  }

  const issues = (title: string): unknown[] =>
    existsSync(join(world, "issues.json"))
      ? z
          .array(z.looseObject({ title: z.string() }))
          .parse(json("issues.json"))
          .filter((issue) => issue.title === title)
      : [];
  const json = (name: string) => JSON.parse(readFileSync(join(world, name), "utf8"));
  const instances = () => project.client.list(API.listKeyValues, {});

  test("a pull request gets the review as a comment", async () => {
    describeProduction({});
    await commitSynthesized();
    const { plan } = await workflow("plan");
    expect(plan?.result, JSON.stringify(plan?.steps)).toBe("success");
    expect(json("comments.json")).toMatchObject([{ body: expect.stringContaining("production: changes") }]);
    expect(plan?.steps.map(({ output }) => output).join()).toContain("::warning file=environments/production.ts");
    expect(existsSync(join(world, "artifacts/review/review.json"))).toBe(true);
    merge();
  });

  test("a push to the pull request changes the comment in its place", async () => {
    describeProduction({ plan: "standard" });
    const stale = await workflow("plan");
    expect(stale.plan?.result).toBe("failure");
    expect(stale.plan?.steps.find(({ exitCode }) => exitCode !== 0)?.output).toContain("synthesized/ is stale");
    expect(json("comments.json")).toMatchObject([
      { body: expect.stringMatching(/production: not planned[\s\S]*actions\/runs\/100\)\. No earlier review holds/) },
    ]);

    await commitSynthesized();
    expect((await workflow("plan")).plan?.result).toBe("success");
    expect(json("comments.json")).toMatchObject([{ body: expect.stringContaining("+$20 a month") }]);
  });

  test("what was merged without that review is not applied", async () => {
    const { plan, apply } = await workflow("apply");
    expect(plan?.result).toBe("failure");
    expect(plan?.steps.at(-1)?.output).toContain("::error title=Not the plan that was reviewed");
    expect(apply?.result).toBe("skipped");
    expect(await instances()).toEqual([]);
    expect(issues("production is not applied")).toMatchObject([
      { state: "open", body: expect.stringContaining("plan failure, apply skipped") },
    ]);
  });

  test("what was merged with it is applied, from a plan that travelled encrypted", async () => {
    await workflow("plan");
    merge();
    const { plan, apply } = await workflow("apply");
    expect(plan?.result, JSON.stringify(plan?.steps)).toBe("success");
    expect(apply?.result, JSON.stringify(apply?.steps)).toBe("success");
    expect(issues("production is not applied")).toMatchObject([{ state: "closed" }]);
    expect(await instances()).toMatchObject([{ name: "jobs", plan: "standard" }]);

    const sealed = readFileSync(join(world, "artifacts/plan/plan.sealed"));
    expect(sealed.subarray(0, 8).toString()).toBe("Salted__");
    const [record] = readdirSync(join(project.path, ".plans/production/deployments"));
    const text = readFileSync(join(project.path, ".plans/production/deployments", record ?? ""), "utf8");
    expect(deploymentRecordSchema.parse(JSON.parse(text))).toMatchObject({ by: "octocat", outcome: "applied" });
  });

  test("a second merge without a change applies nothing", async () => {
    const { plan, apply } = await workflow("apply");
    expect(plan?.outputs.code).toBe("0");
    expect(plan?.result).toBe("success");
    expect(apply?.result).toBe("skipped");
  });

  test("a morning on which all is well opens no issue", async () => {
    const { look } = await workflow("drift");
    expect(look?.result, JSON.stringify(look?.steps)).toBe("success");
    expect(issues("production is not as described")).toEqual([]);
  });

  test("drift opens an issue, which is updated while it lasts, and closed when it is over", async () => {
    const [instance] = await instances();
    const id = instance?.id ?? "";
    await project.client.call(RENDER_API.updateKeyValue, { id }, { maxmemoryPolicy: "allkeys_lru" });
    expect((await workflow("drift")).look?.result).toBe("failure");
    expect(issues("production is not as described")).toMatchObject([
      { state: "open", body: expect.stringMatching(/changed outside Terraform[\s\S]*Redis verification: failed/) },
    ]);
    await workflow("drift");
    expect(issues("production is not as described")).toHaveLength(1);

    await project.client.call(RENDER_API.updateKeyValue, { id }, { maxmemoryPolicy: "noeviction" });
    expect((await workflow("drift")).look?.result).toBe("success");
    expect(issues("production is not as described")).toMatchObject([{ state: "closed" }]);
  });

  test("a loss of data waits, after the merge, for somebody who acknowledges it by hand", async () => {
    describeProduction({ plan: "standard", persistence: "snapshot", deletionProtection: false });
    const exceptions = join(project.path, "environments/production.ts");
    const exception = `"exceptions":[{"rule":"production-protected","reason":"Moving to another instance today."}],"state"`;
    writeFileSync(exceptions, readFileSync(exceptions, "utf8").replace('"state"', exception));
    await commitSynthesized();
    expect((await workflow("plan")).plan?.result).toBe("success");
    merge();
    const pushed = await workflow("apply");
    expect(pushed.plan?.steps.at(-1)?.output).toContain("::error title=Needs acknowledgement");
    expect(pushed.apply?.result).toBe("skipped");

    const dispatch = { event_name: "workflow_dispatch", sha: "c0ffee", event: {} };
    const wrong = await workflow("apply", {
      github: dispatch,
      inputs: { acknowledge: "data-loss:render_keyvalue.redis" },
    });
    expect(wrong.apply?.result).toBe("failure");
    const acknowledge = "data-loss:output.deletion_protection";
    const { apply } = await workflow("apply", { github: dispatch, inputs: { acknowledge } });
    expect(apply?.result, JSON.stringify(apply?.steps)).toBe("success");
  });

  test("a sealed plan that was tampered with is not opened", async () => {
    describeProduction({ plan: "pro", persistence: "snapshot" });
    await commitSynthesized();
    await workflow("plan");
    merge();
    const sealed = join(world, "artifacts/plan/plan.sealed");
    const { apply } = await workflow("apply", {}, () => appendFileSync(sealed, "X"));
    expect(apply?.result).toBe("failure");
    expect(apply?.steps.at(-1)).toMatchObject({ name: "Open the plan" });
    expect(await instances()).toMatchObject([{ plan: "standard" }]);
  });

  test("no passphrase, key or password is in what the workflows printed or uploaded in clear", async () => {
    const [instance] = await instances();
    const { externalConnectionString } = await project.client.call(API.getConnectionInfo, { id: instance?.id ?? "" });
    const texts = [
      ...project.transcript,
      JSON.stringify(json("comments.json")),
      JSON.stringify(json("issues.json")),
      readFileSync(join(world, "summary.md"), "utf8"),
    ];
    for (const secret of [project.render.apiKey, new URL(externalConnectionString).password, "correct horse"]) {
      for (const text of texts) expect(text).not.toContain(secret);
    }
  });
});
