import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ApplyRequest } from "../../pipeline/apply.ts";
import type { PlanRequest } from "../../pipeline/plan.ts";
import type { Review } from "../../pipeline/review/review.ts";
import { Stop } from "../../runtime/errors.ts";
import { run } from "./in-process.ts";

vi.mock("../../runtime/progress.ts", () => ({
  startProgress: async (stream: NodeJS.WriteStream) => ({
    update: (environment: string, text: string) => stream.write(`${environment}: ${text}\n`),
    stop: () => stream.write("stopped\n"),
  }),
}));
// Which colour, in words.
vi.mock("../../runtime/colors.ts", () => ({
  colors: new Proxy({}, { get: (_, colour) => (text: string) => `<${String(colour)}>${text}</>` }),
}));

const pipeline = vi.hoisted(() => ({ synthesize: vi.fn(), planEnvironment: vi.fn(), applySavedPlan: vi.fn() }));
vi.mock("../../pipeline/synthesize.ts", () => ({ synthesize: pipeline.synthesize, stackDirectory: () => "x" }));
vi.mock("../../pipeline/plan.ts", () => ({ planEnvironment: pipeline.planEnvironment }));
vi.mock("../../pipeline/apply.ts", () => ({ applySavedPlan: pipeline.applySavedPlan }));

const KEY = "rnd_0123456789";
const review = (environment: string, verdict: Review["verdict"] = "no changes"): Review => ({
  ...{ environment, mode: "change", verdict, findings: [], drift: [], changes: [], errors: [], terraform: "0" },
  ...{ quiet: { attributes: 0, resources: [] }, policy: { warnings: [], exceptions: [] } },
});
const CHANGES = review("a", "changes");

beforeEach(() => {
  vi.stubEnv("RENDER_API_KEY", KEY);
  vi.stubEnv("RENDER_OWNER_ID", "tea-1");
  vi.stubEnv("GITHUB_STEP_SUMMARY", "");
  pipeline.synthesize.mockImplementation(async (names: string[]) => names.map((environment) => ({ environment })));
  pipeline.planEnvironment.mockImplementation(async ({ environment }) => review(environment));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetAllMocks();
});

describe("plan", () => {
  test.each<[args: string[], request: Partial<PlanRequest>]>([
    [[], { mode: "change", replace: [] }],
    [["--destroy"], { mode: "destroy" }],
    [["--refresh-only"], { mode: "refresh-only" }],
    [["--replace", "a.b", "--replace", "c.d"], { mode: "change", replace: ["a.b", "c.d"] }],
    [["--destroy", "--replace", "a.b"], { mode: "destroy", replace: ["a.b"] }],
  ])("with %j asks for what was said, once for each environment", async (args, request) => {
    const { code, stdout, stderr } = await run("plan", ["a", "b", "a", ...args]);
    expect([code, stderr]).toEqual([0, "stopped\n"]);
    expect(stdout).toMatch(/^<bold><green>a: no changes[\s\S]*\n<bold><green>b: no changes/);
    expect(pipeline.synthesize.mock.calls).toEqual([[["a", "b"]]]);
    expect(pipeline.planEnvironment.mock.calls).toMatchObject(
      ["a", "b"].map((environment) => [{ environment }, request]),
    );
  });

  test.each<[code: number, verdicts: Review["verdict"][]]>([
    [0, ["no changes", "no changes"]],
    [2, ["changes", "no changes"]],
    [3, ["changes", "needs acknowledgement"]],
    [1, ["failed", "needs acknowledgement"]],
  ])("ends with %i for %j", async (code, verdicts) => {
    for (const verdict of verdicts) pipeline.planEnvironment.mockResolvedValueOnce(review("a", verdict));
    expect((await run("plan", ["a", "b"])).code).toBe(code);
  });

  test("writes the reports that were asked for, masked, and tells how far it is", async () => {
    pipeline.planEnvironment.mockImplementation(async (_stack: unknown, { onProgress }: PlanRequest) => {
      for (const text of ["planning", "reading x"]) onProgress(text);
      return { ...review("a", "failed"), errors: [`not with ${KEY}`] };
    });
    const { stdout, stderr } = await run("plan", ["a", "--report", "json", "--report", "github"]);
    expect(stdout).toMatch(/^\{\n[\s\S]*"not with \*\*\*"[\s\S]*\n\}\n::error .*::not with \*\*\*\n$/);
    expect(stderr).toBe("a: planning\na: reading x\nstopped\n");
  });

  test("tells each environment of an interruption, and ends when it is done", async () => {
    let interrupted = 0;
    pipeline.planEnvironment.mockImplementation(async (_stack: unknown, { onInterruption }: PlanRequest) => {
      await new Promise<void>((resolve) => {
        onInterruption(() => {
          interrupted += 1;
          resolve();
        });
      });
      return CHANGES;
    });
    const ended = await run("plan", ["a", "b"], (host) => setTimeout(() => host.emit("SIGINT"), 20));
    expect([ended.code, interrupted]).toEqual([2, 2]);
  });

  test.each<[args: string[], says: string, code?: number]>([
    [[], "missing required argument"],
    [["a", "--detailed-exitcode"], "unknown option"],
    [["a", "--deadline", "0"], "It must be a number of seconds, from 1 to 86400."],
    [["a", "--deadline", "1h"], "It must be a number of seconds, from 1 to 86400."],
    [["a", "--report", "markdow"], 'got: "markdow". Did you mean "markdown"?'],
    [["a", "--refresh-only", "--destroy"], "--refresh-only plans no change, so it goes with neither"],
    [["a", "--refresh-only", "--replace", "a.b"], "so it goes with neither --destroy nor --replace."],
  ])("%j is wrong usage, and plans nothing", async (args, says) => {
    const { code, stdout, stderr } = await run("plan", args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(says);
    expect(pipeline.synthesize).not.toHaveBeenCalled();
  });

  test.each(["RENDER_API_KEY", "RENDER_OWNER_ID"])("without %s says what to set", async (name) => {
    vi.stubEnv(name, undefined);
    for (const program of ["plan", "apply"]) {
      const { code, stderr } = await run(program, ["a"]);
      expect([code, stderr]).toEqual([
        program === "plan" ? 1 : 2,
        expect.stringMatching(`^\`${name}\` is not set\\. .*Dashboard`),
      ]);
    }
    expect(pipeline.synthesize).not.toHaveBeenCalled();
  });

  test("says what its environment's mistake is", async () => {
    pipeline.synthesize.mockRejectedValue(new Stop("misused", "No such region."));
    expect(await run("plan", ["a"])).toEqual({ code: 1, stdout: "", stderr: "stopped\nNo such region.\n" });
  });

  test.each<[what: string, refuse: () => void, code: number, planned: string]>([
    [
      "synthesis",
      () => pipeline.synthesize.mockRejectedValue(new Stop("misused", `No such region, ${KEY}.`)),
      1,
      "b: cannot be planned",
    ],
    [
      "one environment",
      () => pipeline.planEnvironment.mockRejectedValueOnce(new Stop("unknown", `No such region, ${KEY}.`)),
      3,
      "b: no changes",
    ],
  ])(
    "that fails at %s writes the reports that were asked for, so that no older one stays",
    async (_what, refuse, code, b) => {
      refuse();
      const end = await run("plan", ["a", "b", "--report", "markdown", "--report", "json"]);
      expect(end).toMatchObject({ code, stderr: "stopped\nNo such region, ***.\n" });
      expect(end.stdout).toContain("<!-- redis-plan-review a b -->");
      expect(end.stdout).toMatch(/a: cannot be planned\n\n```\nNo such region, \*\*\*\.\n```/);
      expect(end.stdout).toContain(b);
      expect(end.stdout).toContain('"verdict": "failed"');
    },
  );

  test("of 40 environments runs so many at a time as the cores bear, and none after it was stopped", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `e${index}`);
    const most = 2 * availableParallelism();
    let [running, highest] = [0, 0];
    pipeline.planEnvironment.mockImplementation(async ({ environment }) => {
      running += 1;
      highest = Math.max(highest, running);
      await delay(1);
      running -= 1;
      return review(environment);
    });
    const { stdout } = await run("plan", [...names, "--report", "json"]);
    expect(JSON.parse(stdout).reviews.map(({ environment }: Review) => environment)).toEqual(names);
    expect(highest).toBe(Math.min(40, most));
    pipeline.planEnvironment.mockClear();
    pipeline.planEnvironment.mockImplementation(async (stack: unknown, { onInterruption }: PlanRequest) => {
      await new Promise<void>((resolve) => onInterruption(() => resolve()));
      return review(String(Object(stack).environment), "failed");
    });
    const stopped = await run("plan", [...names, "--report", "json"], (host) =>
      setTimeout(() => host.emit("SIGINT"), 20),
    );
    expect(stopped.code).toBe(1);
    expect(pipeline.planEnvironment).toHaveBeenCalledTimes(Math.min(40, most));
    expect(stopped.stdout).toContain("Stopped before it was planned.");
  });

  test("that fails for what is a mistake of this program is no review", async () => {
    pipeline.planEnvironment.mockRejectedValue(new TypeError("x"));
    expect(await run("plan", ["a", "--report", "json"])).toMatchObject({
      ...{ code: 1, stdout: "" },
      stderr: expect.stringContaining("plan crashed (TypeError)"),
    });
  });

  test("says in its help how it ends", async () => {
    const { code, stdout } = await run("plan", ["--help"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Usage[\s\S]*Exit codes: 0 no changes/)]);
  });
});

describe("apply", () => {
  const record = { environment: "a", outcome: "applied", done: ["x.y"], failed: [], checks: [] };
  const ended = (change: object) => ({ result: "ended", file: "the/file.json", record: { ...record, ...change } });
  const checks = ["passed", "failed"].map((result, index) => ({ address: `c.${index}`, result }));

  test.each<[applied: object, code: number, stdout: string, stderr: string]>([
    [{ result: "no changes" }, 0, "a: the saved plan has no changes, so there is nothing to apply.\n", ""],
    [
      { result: "not acknowledged", review: CHANGES, missing: ["cost:x.y", "restart:x.y"] },
      3,
      "<bold><yellow>a: changes</></>\n",
      "\nNothing was applied: cost:x.y, restart:x.y must be acknowledged.\n",
    ],
    [
      { result: "not approved", review: CHANGES, asked: false },
      3,
      "<bold><yellow>a: changes</></>\n",
      "\nNothing was applied: nobody approved this plan. Name the fingerprint that was approved, with --fingerprint, or say --yes.\n",
    ],
    [
      { result: "not approved", review: CHANGES, asked: true },
      3,
      "",
      "\nNothing was applied: you did not approve it.\n",
    ],
    [
      ended({}),
      0,
      "\n<green>a: applied, 1 resource done; no checks were due</>\n<dim>recorded in the/file.json</>\n",
      "",
    ],
    [ended({ done: ["x", "y"], checks }), 0, "\n<green>a: applied, 2 resources done; c.0 passed, c.1 failed</>\n", ""],
    [
      ended({ outcome: "failed", done: [], failed: [{ error: "One" }, { error: "Two" }] }),
      1,
      "\n<red>a: failed, 0 resources done; no checks were due</>\n",
      "<red>\nOne</>\n<red>\nTwo</>\nSee the current state with: npm run plan -- a\n",
    ],
    [
      ended({ outcome: "interrupted" }),
      1,
      "\n<red>a: interrupted, 1 resource done",
      "See the current state with: npm run plan -- a\n",
    ],
    [
      { ...ended({}), file: new Stop("failed", `No record, ${KEY}.`) },
      1,
      "\n<green>a: applied, 1 resource done; no checks were due</>\n",
      "No record, ***.\n",
    ],
  ])("that comes to %j ends with %i", async (applied, code, stdout, stderr) => {
    pipeline.applySavedPlan.mockResolvedValue(applied);
    const end = await run("apply", ["a"]);
    expect(end).toEqual({ code, stdout: expect.stringContaining(stdout), stderr });
    expect(end.stdout.startsWith(stdout)).toBe(true);
    expect(pipeline.applySavedPlan.mock.calls).toMatchObject([["a", { ack: [], fingerprint: undefined }]]);
  });

  test("passes on what was said, shows what happens, and tells of an interruption", async () => {
    pipeline.applySavedPlan.mockImplementation(async (_name: string, { onLine, onInterruption }: ApplyRequest) => {
      onLine("x.y: Creating");
      await new Promise((resolve) => onInterruption(resolve));
      return { result: "no changes" };
    });
    const args = ["a", "--ack", "cost:x.y", "--fingerprint", "f", "--ack", "restart:x.y"];
    const { code, stdout } = await run("apply", args, (host) => setTimeout(() => host.emit("SIGTERM"), 20));
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^x\.y: Creating\n/)]);
    const request = { ack: ["cost:x.y", "restart:x.y"], fingerprint: "f" };
    expect(pipeline.applySavedPlan.mock.calls).toMatchObject([["a", request]]);
  });

  test("says before it begins where it applies what, also with --yes, and how long it took", async () => {
    const findings = [{ kind: "restart", address: "x.y", consequence: "It restarts.", causes: [], acknowledge: false }];
    const where = { host: "h", places: [{ what: "workspace", id: "tea-1", name: "Ours" }] };
    pipeline.applySavedPlan.mockImplementation(async (_name: string, { approve, onBegin, onLine }: ApplyRequest) => {
      const reviewed = { ...CHANGES, findings, where } as Review;
      if ((await approve(reviewed)) !== true) return { result: "not approved", review: reviewed, asked: false };
      onBegin(reviewed);
      onLine("x.y: Modifying");
      return ended({ durationSeconds: 61 });
    });
    const { code, stdout } = await run("apply", ["a", "--yes"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^<bold><yellow>a: changes – restart<\/><\/>\n.*workspace +Ours \(tea-1\) at h.*\n {2}Restart: It restarts\.\n\nx\.y: Modifying\n[\s\S]*1 resource done in 61 s/,
    );
    expect((await run("apply", ["a"])).code).toBe(3);
  });

  test.each([
    [[], "missing required argument"],
    [["a", "b"], "too many arguments"],
    [["a", "--force"], "unknown option"],
  ])("%j is wrong usage, and applies nothing", async (args, says) => {
    const { code, stdout, stderr } = await run("apply", args);
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(says)]);
    expect(pipeline.applySavedPlan).not.toHaveBeenCalled();
  });

  test("that is refused says why", async () => {
    pipeline.applySavedPlan.mockRejectedValue(new Stop("failed", `Stale, ${KEY}.`));
    expect(await run("apply", ["a"])).toEqual({ code: 1, stdout: "", stderr: "Stale, ***.\n" });
  });

  test("says in its help how it ends", async () => {
    const { code, stdout } = await run("apply", ["--help"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Usage[\s\S]*Exit codes: 0 applied/)]);
  });
});
