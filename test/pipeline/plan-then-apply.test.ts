import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ApplyRequest, applySavedPlan } from "../../pipeline/apply.ts";
import { deploymentRecordSchema } from "../../pipeline/deployment-record.ts";
import { type PlanRequest, planEnvironment } from "../../pipeline/plan.ts";
import { PlanDirectory } from "../../pipeline/saved-plan.ts";
import type { SynthesizedStack } from "../../pipeline/synthesized-stack.ts";
import { commandOf } from "../../steps/steps.ts";
import { provisionerOf } from "./review/configured.ts";
import { zipOf } from "./zip.ts";

const NAME = `unit-apply-${process.pid}`;
const place = vi.hoisted(() => ({ directory: "", stacks: [] as unknown[] }));
vi.mock("../../pipeline/synthesize.ts", () => ({
  stackDirectory: () => place.directory,
  synthesize: async () => place.stacks,
}));

const stack: SynthesizedStack = {
  environment: NAME,
  digest: "0".repeat(64),
  paths: {},
  variables: [],
  localState: "x",
  isEncrypted: false,
  policy: { warnings: [], exceptions: [] },
  get synthesized() {
    return { terraform: JSON.parse(CONFIGURATION), workingDirectory: `\${path.root}/../../..` };
  },
};
const saved = new PlanDirectory(NAME);

beforeEach(() => {
  place.directory = mkdtempSync(join(tmpdir(), "fake-stack-"));
  place.stacks = [stack];
  // A program in Terraform's place: `plan` writes the file, `show` and `apply` print what a test has put there.
  const binary = join(place.directory, "terraform");
  writeFileSync(
    binary,
    `#!/bin/sh
case $1 in
  plan) for arg; do case $arg in -out=*) cat plan.zip > "\${arg#-out=}";; esac; done; cat plan.log; exit $(cat plan.code);;
  init) [ ! -e no-init ] || { echo "no network" >&2; exit 1; };;
  show) cat show.json;;
  apply) for file; do true; done; cat "$file" > applied; cat apply.log; exit $(cat apply.code);;
esac
`,
  );
  chmodSync(binary, 0o700);
  vi.stubEnv("TERRAFORM_BINARY_NAME", binary);
  put("cdk.tf.json", CONFIGURATION);
  put("plan.zip", planFile());
  put("plan.log", "");
  put("plan.code", "2");
  put("apply.code", "0");
  put("apply.log", [event("apply_complete", "a.b", "a.b: done")].join("\n"));
  show([{ address: "a.b", type: "a", mode: "managed", change: { actions: ["create"], after: {} } }]);
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const path of [place.directory, saved.path]) rmSync(path, { recursive: true, force: true });
});

const CONFIGURATION = JSON.stringify({
  resource: {
    terraform_data: { b: { input: 1 } },
    null_resource: {
      redis_checks: { provisioner: [provisionerOf("checks")] },
      preflight: { provisioner: [provisionerOf("preflight")] },
    },
  },
});
/** A plan's file as Terraform writes it. */
const planFile = (configuration = CONFIGURATION, lineage = "1-2-3") =>
  zipOf({ tfplan: "binary", tfstate: JSON.stringify({ lineage }), "tfconfig/m-/cdk.tf.json": configuration });
const put = (file: string, text: string | Buffer) => writeFileSync(join(place.directory, file), text);
const event = (type: string, addr: string, message = "") =>
  JSON.stringify({ type, "@message": message, hook: { resource: { addr } } });
const error = (summary: string) => JSON.stringify({ type: "diagnostic", diagnostic: { severity: "error", summary } });

function show(resource_changes: readonly object[]): void {
  const step = (address: string, id: "checks" | "preflight") => ({
    address,
    provisioners: [{ type: "local-exec", expressions: { command: { constant_value: commandOf(id) } } }],
  });
  const resources = [step("null_resource.redis_checks", "checks"), step("null_resource.preflight", "preflight")];
  put(
    "show.json",
    JSON.stringify({ format_version: "1.2", resource_changes, configuration: { root_module: { resources } } }),
  );
}

const DESTROYED = {
  address: "render_keyvalue.redis",
  type: "render_keyvalue",
  mode: "managed",
  change: { actions: ["delete"], before: { plan: "starter" } },
};

const request = (more: Partial<PlanRequest> = {}): PlanRequest => ({
  mode: "change",
  replace: [],
  ack: [],
  preflight: async () => [],
  onProgress: () => {},
  onInterruption: () => {},
  finish: () => {},
  ...more,
});

async function plan(mode: PlanRequest["mode"] = "change", more: Partial<PlanRequest> = {}) {
  const progress: string[] = [];
  const onProgress = (text: string) => progress.push(text);
  const review = await planEnvironment(stack, request({ mode, onProgress, ...more }));
  return { review, progress };
}

async function apply(request: Partial<ApplyRequest> = {}) {
  const lines: string[] = [];
  const approve = async () => undefined;
  const all = {
    ack: [],
    fingerprint: approved(),
    approve,
    onBegin: () => {},
    preflight: async () => [],
    onLine: (line: string) => lines.push(line),
    onInterruption: () => {},
    finish: () => {},
  };
  return { applied: await applySavedPlan(NAME, { ...all, ...request }), lines };
}

function approved(): string | undefined {
  return JSON.parse(readFileSync(saved.reviewFile, "utf8")).review.fingerprint;
}

const records = () =>
  readdirSync(saved.deployments).map((file) =>
    deploymentRecordSchema.parse(JSON.parse(readFileSync(join(saved.deployments, file), "utf8"))),
  );

describe("a plan", () => {
  test("is saved with its review, and tells how far it is", async () => {
    put("plan.log", [event("refresh_start", "a.b"), event("refresh_complete", "c.d")].join("\n"));
    const { review, progress } = await plan();
    expect(review.verdict).toBe("changes");
    expect(progress).toEqual(["planning", "reading a.b"]);
    expect((await saved.load()).review).toEqual(review);
    expect(readdirSync(saved.path).sort()).toEqual(["fingerprints", "plan.tfplan", "review.json"]);
  });

  test("that only looks saves nothing", async () => {
    await plan("refresh-only");
    expect(readdirSync(saved.path)).toEqual([]);
  });

  test("that fails is a review with the reason and what it got to, and leaves nothing to apply", async () => {
    await plan();
    put("plan.code", "1");
    put("plan.log", error("No such plan"));
    const { review } = await plan();
    expect([review.verdict, review.errors, review.changes.length]).toEqual(["failed", ["No such plan"], 1]);
    expect(review).not.toHaveProperty("fingerprint");
    expect(readdirSync(saved.path)).toEqual(["fingerprints"]);
    put("show.json", "no plan");
    expect((await plan()).review).toMatchObject({ verdict: "failed", errors: ["No such plan"], changes: [] });
  });

  test.each([
    ["no plan", "printed no JSON"],
    ['{"format_version":"2.0"}', "Terraform's plan cannot be read: `format_version` must be 1.x"],
  ])("that cannot be read is a review with the reason: %s", async (text, reason) => {
    put("show.json", text);
    const { review } = await plan();
    expect(review).toMatchObject({ verdict: "failed", errors: [expect.stringContaining(reason)] });
  });

  test("without an init that works is a review with the reason; without Terraform there is none", async () => {
    put("no-init", "");
    put("plan.code", "1");
    put("plan.log", error("run: terraform init"));
    const errors = ["terraform init failed:\nno network"];
    expect((await plan()).review).toMatchObject({ verdict: "failed", errors, changes: [] });
    vi.stubEnv("TERRAFORM_BINARY_NAME", "terrafrom");
    await expect(plan()).rejects.toMatchObject({ outcome: "misused" });
  });

  test("that is stopped is a review with the reason", async () => {
    put("plan.code", "1");
    const { review } = await plan("change", { onInterruption: (listener) => listener("interrupted") });
    expect(review).toMatchObject({ verdict: "failed", errors: ["Stopped: interrupted."] });
  });

  test.each([
    ["a.c", "2", '--replace "a.c": there is nothing at this address. Did you mean "a.b"?'],
    ["x.y", "0", '--replace "x.y": there is nothing at this address.'],
  ])("to replace what is not there says so: %s", async (address, code, says) => {
    place.stacks = [{ ...stack, paths: { "a.b": "x/y" } }];
    put("plan.code", code);
    if (code === "0") show([]);
    const planned = planEnvironment({ ...stack, paths: { "a.b": "x/y" } }, request({ replace: [address] }));
    await expect(planned).rejects.toMatchObject({ outcome: "misused", message: says });
    expect((await plan("change", { replace: ["a.b"] }).catch(() => undefined))?.review.verdict).toBe(
      code === "2" ? "changes" : undefined,
    );
  });

  const preflightRuns = (actions: readonly string[]) => ({
    address: "null_resource.preflight",
    type: "null_resource",
    mode: "managed",
    change: { actions, before: {}, after: {} },
  });

  test.each<[actions: string[], refused: boolean]>([
    [["create"], true],
    [["delete", "create"], true],
    [["no-op"], false],
    [["delete"], false],
  ])("in which preflight is %j asks it: %s", async (actions, isAsked) => {
    show([preflightRuns(actions), { ...DESTROYED, change: { actions: ["update"], before: {}, after: {} } }]);
    const preflight = vi.fn(async () => ["it is suspended. Resume it."]);
    const { review } = await plan("change", { preflight });
    expect(preflight).toHaveBeenCalledTimes(isAsked ? 1 : 0);
    const refusal = {
      kind: "refused",
      address: "null_resource.preflight",
      consequence: "Preflight refuses it, so the apply fails at its first step: it is suspended. Resume it.",
      acknowledge: true,
    };
    if (isAsked) expect([review.verdict, review.findings[0]]).toMatchObject(["needs acknowledgement", refusal]);
    else expect(review.findings.map(({ kind }) => kind)).not.toContain("refused");
    const { applied } = await apply({ preflight });
    if (isAsked)
      expect(applied).toMatchObject({ result: "not acknowledged", missing: ["refused:null_resource.preflight"] });
  });

  test("of which Terraform says that it has no changes is opened all the same", async () => {
    put("plan.code", "0");
    put("show.json", JSON.stringify({ format_version: "1.2", action_invocations: [{ address: "action.x.y" }] }));
    expect((await plan()).review.verdict).toBe("needs acknowledgement");
    put("show.json", JSON.stringify({ format_version: "1.2" }));
    expect((await plan()).review.verdict).toBe("no changes");
    expect((await apply()).applied).toEqual({ result: "no changes" });
  });
});

describe("an apply", () => {
  test("applies what was reviewed, shows it, and keeps a record", async () => {
    show([
      {
        ...DESTROYED,
        address: "null_resource.redis_checks",
        type: "null_resource",
        change: { actions: ["create"], after: {} },
      },
    ]);
    const { review } = await plan();
    const { fingerprint = "" } = review;
    const check = (type: string) => event(type, "null_resource.redis_checks");
    put(
      "apply.log",
      [check("provision_start"), check("provision_complete"), event("apply_complete", "a.b", "a.b: done")].join("\n"),
    );
    const onBegin = vi.fn();
    const { applied, lines } = await apply({ fingerprint, onBegin });
    expect(onBegin.mock.calls).toEqual([[review]]);
    expect(review.verdict).toBe("changes");
    expect(applied).toMatchObject({ result: "ended", record: { outcome: "applied", done: ["a.b"] } });
    expect(lines).toEqual(["a.b: done"]);
    const made = { commit: review.commit, durationSeconds: expect.any(Number) };
    expect(records()).toMatchObject([{ outcome: "applied", fingerprint, checks: [{ result: "passed" }], ...made }]);
    expect(review.commit?.sha).toMatch(/^[0-9a-f]{40}$/);
    expect(readdirSync(saved.path)).toEqual(["deployments", "fingerprints"]);
  });

  test("without an approval shows what it would apply, and asks", async () => {
    const { review } = await plan();
    const asked: unknown[] = [];
    const answer = (yes: boolean | undefined) => async (shown: unknown) => {
      asked.push(shown);
      return yes;
    };
    const request = { fingerprint: undefined };
    for (const [yes, was] of [
      [undefined, false],
      [false, true],
    ] as const) {
      const { applied } = await apply({ ...request, approve: answer(yes) });
      expect(applied).toMatchObject({ result: "not approved", asked: was });
    }
    expect(existsSync(join(place.directory, "applied"))).toBe(false);
    const { applied } = await apply({ ...request, approve: answer(true) });
    expect(applied).toMatchObject({ record: { outcome: "applied", fingerprint: review.fingerprint } });
    expect(asked).toEqual([review, review, review]);
  });

  test("asks nobody when a fingerprint was approved", async () => {
    await plan();
    const approve = vi.fn();
    await apply({ approve });
    expect(approve).not.toHaveBeenCalled();
  });

  const swap = () => writeFileSync(saved.planFile, planFile('{"resource":{"a":{"b":{"c":2}}}}'));

  test.each(["init", "show", "apply"])(
    "applies the plan that it read, whatever lies in its place during %s",
    async (moment) => {
      await plan();
      const script = readFileSync(join(place.directory, "terraform"), "utf8");
      put(
        "terraform",
        script.replace("case $1 in", `[ $1 != ${moment} ] || echo swapped > ${saved.planFile}\ncase $1 in`),
      );
      expect((await apply()).applied).toMatchObject({ record: { outcome: "applied" } });
      expect(readFileSync(join(place.directory, "applied"))).toEqual(planFile());
    },
  );

  test("applies the plan that was shown, whatever lies in its place while somebody is asked", async () => {
    await plan();
    const approve = async () => {
      swap();
      return true;
    };
    expect((await apply({ fingerprint: undefined, approve })).applied).toMatchObject({
      record: { outcome: "applied" },
    });
    expect(readFileSync(join(place.directory, "applied"))).toEqual(planFile());
  });

  test("waits for an acknowledgement", async () => {
    show([DESTROYED]);
    await plan();
    const missing = ["data-loss:render_keyvalue.redis"];
    expect((await apply()).applied).toMatchObject({ result: "not acknowledged", missing });
    expect((await apply({ ack: missing })).applied).toMatchObject({ record: { acknowledged: missing } });
  });

  test("that fails, or is interrupted, is recorded so", async () => {
    put("apply.code", "1");
    put("apply.log", [event("apply_start", "a.b"), error("Refused")].join("\n"));
    await plan();
    expect((await apply()).applied).toMatchObject({ record: { outcome: "failed", failed: [{ error: "Refused" }] } });
    await plan();
    let stop = (_reason: string) => {};
    const interrupted = await apply({
      onInterruption: (listener) => {
        stop = listener;
      },
      onLine: () => stop("interrupted"),
    });
    expect(interrupted.applied).toMatchObject({ record: { outcome: "interrupted" } });
  });

  test.each([
    ["applied", "0"],
    ["failed", "1"],
  ])("says that it %s where its record can no longer be written", async (outcome, code) => {
    await plan();
    put("apply.code", code);
    const script = readFileSync(join(place.directory, "terraform"), "utf8");
    const blocked = `rm -r ${saved.deployments}; : > ${saved.deployments};`;
    put("terraform", script.replace("  apply)", `  apply) ${blocked}`));
    const { applied } = await apply();
    const file = expect.objectContaining({ name: "Stop", message: expect.stringMatching(/record.*deployments/) });
    expect(applied).toMatchObject({ result: "ended", record: { outcome, done: ["a.b"] }, file });
    expect(existsSync(saved.planFile)).toBe(false);
  });

  /** Puts another plan in the place of the saved one, with every digest as it must be for that. */
  async function exchange(change: () => void) {
    const fingerprint = approved();
    change();
    await plan();
    return { fingerprint };
  }
  const resource = (after: object, more: object = {}) => ({
    address: "a.b",
    type: "a",
    mode: "managed",
    change: { actions: ["create"], after, ...more },
  });

  test.each<[what: string, change: () => void, differs: string]>([
    [
      "a command",
      () => put("plan.zip", planFile(CONFIGURATION.replace('"input":1', '"input":1,"provisioner":["x"]'))),
      "terraform_data.b (provisioner)",
    ],
    [
      "a planned value",
      () => show([resource({ key: "one", size: 1 }, { after_sensitive: { key: true } })]),
      "a.b (size)",
    ],
    ["a secret", () => show([resource({ key: "two" }, { after_sensitive: { key: true } })]), "a.b (key)"],
    [
      "an unknown value",
      () => show([resource({ key: "one" }, { after_unknown: { id: true }, after_sensitive: { key: true } })]),
      "a.b (id)",
    ],
    ["an action", () => show([{ ...resource({}), change: { actions: ["delete"], before: {} } }]), "a.b (key, actions)"],
    [
      "a variable",
      () =>
        put(
          "show.json",
          JSON.stringify({
            ...JSON.parse(readFileSync(join(place.directory, "show.json"), "utf8")),
            variables: { v: { value: 1 } },
          }),
        ),
      "var.v",
    ],
    ["the state", () => put("plan.zip", planFile(CONFIGURATION, "another")), "a.b"],
  ])("is refused when another plan took its place, with %s that nobody approved", async (_what, change, differs) => {
    show([resource({ key: "one" }, { after_sensitive: { key: true } })]);
    await plan();
    const refused = apply(await exchange(change));
    await expect(refused).rejects.toMatchObject({ name: "Stop", outcome: "failed" });
    await expect(refused).rejects.toThrow(
      /its fingerprint is [0-9a-f]{64}, and [0-9a-f]{64} was approved\. These differ: /,
    );
    await expect(refused).rejects.toThrow(differs);
    expect(existsSync(join(place.directory, "applied"))).toBe(false);
  });

  test.each<[what: string, prepare: () => void, why: RegExp]>([
    ["another one was approved", () => {}, /its fingerprint is [0-9a-f]{64}, and 0000 was approved\. Nothing/],
    [
      "the environment changed",
      () => put("cdk.tf.json", '{"resource":{"a":{"b":{"c":2}}}}'),
      /by now the environment is described differently: a\.b \(c\)/,
    ],
    [
      "somebody added to the configuration",
      () => put("override.tf", ""),
      /by now the environment is described differently: m-\/override\.tf/,
    ],
    ["the plan does something else", () => show([{ ...DESTROYED, type: "a" }]), /its fingerprint is/],
    [
      "something else was applied meanwhile",
      () => {
        put("apply.code", "1");
        put("apply.log", error("Saved plan is stale"));
      },
      /it is stale/,
    ],
    ["there is no stack", () => (place.stacks = []), /has no stack/],
  ])("is refused when %s", async (what, prepare, why) => {
    await plan();
    prepare();
    const fingerprint = what === "another one was approved" ? "0000" : approved();
    await expect(apply({ fingerprint })).rejects.toMatchObject({ name: "Stop", message: expect.stringMatching(why) });
    expect(readdirSync(saved.path).filter((name) => name.startsWith("new-"))).toEqual([]);
  });
});
