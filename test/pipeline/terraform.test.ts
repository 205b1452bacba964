import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Terraform } from "../../pipeline/terraform.ts";
import { describeDiagnostic, readEvent, type TerraformEvent } from "../../pipeline/terraform-event.ts";
import type { until } from "../../runtime/wait.ts";

/** A share of the time that is really waited. */
const patience = vi.hoisted(() => ({ share: 1 }));
vi.mock("../../runtime/wait.ts", async (original) => {
  const actual = await original<{ until: typeof until }>();
  const hurried: typeof until = (look, options) =>
    actual.until(look, { ...options, withinMs: (options.withinMs ?? 0) * patience.share });
  return { ...actual, until: hurried };
});

let directory: string;
let events: TerraformEvent[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "terraform-"));
  events = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  patience.share = 1;
  rmSync(directory, { recursive: true, force: true });
});

/** A program in Terraform's place, which keeps what it was called with. */
function terraform(script: string, more: Partial<ConstructorParameters<typeof Terraform>[0]> = {}): Terraform {
  const binary = join(directory, "fake-terraform");
  writeFileSync(binary, `#!/bin/sh\necho "$@" >> calls\n${script}\n`);
  chmodSync(binary, 0o700);
  vi.stubEnv("TERRAFORM_BINARY_NAME", binary);
  return new Terraform({ directory, onEvent: (event) => events.push(event), ...more });
}

const calls = () => readFileSync(join(directory, "calls"), "utf8").trim().split("\n");
const say = (...lines: object[]) => lines.map((line) => `echo '${JSON.stringify(line)}'`).join("\n");
const error = (summary: string) => ({ type: "diagnostic", diagnostic: { severity: "error", summary } });

describe("a plan", () => {
  test("with changes; everything that Terraform reports is passed on", async () => {
    const fake = terraform(`${say({ type: "version" }, { type: "planned_change" })}\necho no JSON\nexit 2`);
    expect(await fake.plan({ out: "x.tfplan", replace: ["a.b", "c.d"] })).toEqual({
      exitCode: 0,
      errors: [],
    });
    expect(calls()).toEqual([
      "plan -json -detailed-exitcode -input=false -lock-timeout=60s -out=x.tfplan -replace=a.b -replace=c.d",
    ]);
    expect(events.map(({ type }) => type)).toEqual(["version", "planned_change"]);
  });

  test("with nothing to do", async () => {
    expect(await terraform("exit 0").plan({ out: "x" })).toEqual({ exitCode: 0, errors: [] });
  });

  test.each([
    ["destroy", "-destroy"],
    ["refresh-only", "-refresh-only"],
  ] as const)("to %s", async (mode, flag) => {
    await terraform("exit 0").plan({ out: "x", mode });
    expect(calls()[0]).toMatch(new RegExp(` ${flag}$`));
  });

  test.each([
    [[error("Inconsistent dependency lock file"), error("run: terraform init")]],
    [[error("Module not installed")]],
    // The plugins of a local Render that was removed. In automation Terraform does not name the command.
    [[error("Required plugins are not installed")]],
  ])("is made again after an init where Terraform asks for one: %j", async (errors) => {
    const asks = say(...errors);
    const fake = terraform(`[ $1 = init ] && touch ready && exit 0\n[ -e ready ] && exit 2\n${asks}\nexit 1`);
    expect(await fake.plan({ out: "x" })).toMatchObject({ exitCode: 0 });
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["plan", "init", "plan"]);
  });

  test("that fails says why, whether in JSON or not", async () => {
    const warning = { type: "diagnostic", diagnostic: { severity: "warning", summary: "Old" } };
    const inJson = await terraform(`${say(warning, error("Bad"))}\nexit 1`).plan({ out: "x" });
    expect(inJson).toMatchObject({ exitCode: 1, errors: [{ summary: "Bad" }] });
    const outside = await terraform('echo "no such option" >&2\nexit 1').plan({ out: "x" });
    expect(outside.errors).toEqual([{ severity: "error", summary: "no such option", detail: "" }]);
  });
});

test("it asks for nothing, on a terminal neither", async () => {
  await terraform('echo "$TF_INPUT $TF_IN_AUTOMATION $CHECKPOINT_DISABLE" >> calls').apply("x.tfplan");
  expect(calls()[1]).toBe("0 1 1");
});

test("an apply applies the file and nothing else", async () => {
  expect(await terraform(say(error("Later forgiven"))).apply("x.tfplan")).toEqual({ exitCode: 0, errors: [] });
  expect(calls()).toEqual(["apply -json -input=false -lock-timeout=60s x.tfplan"]);
});

describe("a saved plan", () => {
  const plan = { format_version: "1.2", output_changes: { url: { actions: ["create"], after: "x" } } };

  test("is read as JSON, whatever a wrapper prints around it", async () => {
    expect(await terraform(say(plan)).show("x.tfplan")).toEqual(plan);
    const wrapped = `echo '[command]/opt/terraform-bin show'\n${say(plan)}\necho '::debug::exited with code 0.'`;
    expect(await terraform(wrapped).show("x.tfplan")).toEqual(plan);
  });

  test.each(["echo", "echo '{ no: JSON'", "echo 'a secret }'"])(
    "of which %s is all is none, and not quoted",
    async (script) => {
      const show = terraform(script).show("x.tfplan");
      await expect(show).rejects.toMatchObject({ name: "Stop", outcome: "failed" });
      await expect(show).rejects.toThrow(
        /^".*fake-terraform show -json x\.tfplan" printed no JSON\. When it is a wrapper/,
      );
    },
  );
});

test("the lineage is the state's; without a state there is none", async () => {
  expect(await terraform(say({ version: 4, lineage: "c9c6" })).lineage()).toBe("c9c6");
  expect(await terraform(say({ version: 4, lineage: "" })).lineage()).toBeUndefined();
});

describe("what stops everything", () => {
  test("a command that fails, in Terraform's words", async () => {
    const show = terraform('echo >&2\necho "not a plan" >&2\necho >&2\nexit 1').show("x");
    await expect(show).rejects.toMatchObject({
      name: "Stop",
      outcome: "failed",
      message: expect.stringMatching(/^terraform show failed:\nnot a plan$/),
    });
  });

  test("a state that must be migrated first, with the command", async () => {
    const init = terraform('echo "Error: Backend configuration changed" >&2\nexit 1').init();
    await expect(init).rejects.toThrow(
      /^The configured state backend changed\. .*\n {2}.*fake-terraform -chdir=.* init -migrate-state$/,
    );
    await expect(terraform("echo no network >&2; exit 1").init()).rejects.toThrow("terraform init failed:\nno network");
  });

  test("no Terraform", async () => {
    vi.stubEnv("TERRAFORM_BINARY_NAME", "terrafrom");
    const plan = new Terraform({ directory }).plan({ out: "x" });
    await expect(plan).rejects.toMatchObject({
      outcome: "misused",
      message: expect.stringContaining(
        '"terrafrom" cannot be run. Install Terraform or OpenTofu, or set TERRAFORM_BINARY_NAME',
      ),
    });
  });
});

describe("asked to stop", () => {
  const started = (addr: string, type = "apply_start", action = "create") => ({
    type,
    hook: { resource: { addr }, action },
  });
  /** A Terraform that notes each ^C, does what it is told by a file, and the requests to stop it. */
  function stoppable(begins: readonly object[], onInt = "exit 1") {
    const said: string[] = [];
    const work: Promise<unknown>[] = [];
    let stop = (_reason: string) => {};
    const created = say(started("render_keyvalue.redis", "apply_complete"));
    const script = `trap "echo int >> ints; ${onInt}" INT\n${say(...begins)}\ntouch begun\nwhile :; do sleep 0.02; [ -e created ] && { ${created}\nrm created; }; done`;
    const fake = terraform(script, {
      onStop: (text) => said.push(text),
      stopping: {
        finish: (one) => work.push(one),
        onInterruption: (listener) => {
          stop = listener;
        },
      },
    });
    const begun = () => expect.poll(() => existsSync(join(directory, "begun")), LONG).toBe(true);
    return { fake, said, work, begun, stop: (reason = "interrupted") => stop(reason) };
  }
  const LONG = { timeout: 30_000, interval: 10 };
  const interrupts = () =>
    existsSync(join(directory, "ints")) ? readFileSync(join(directory, "ints"), "utf8").length / 4 : 0;
  const create = () => writeFileSync(join(directory, "created"), "");

  test("Terraform ends as with ^C, and nothing else is begun", async () => {
    const { fake, said, work, begun, stop } = stoppable([started("a.b", "refresh_start")]);
    const planned = fake.plan({ out: "x" });
    await begun();
    await expect.poll(() => events.length).toBe(1);
    stop("the deadline of 3 s passed");
    expect(await planned).toMatchObject({ exitCode: 1, errors: [{ summary: "Stopped: the deadline of 3 s passed." }] });
    expect([interrupts(), work.length, fake.isStopped]).toEqual([1, 1, true]);
    expect(said).toEqual([
      "stopping (the deadline of 3 s passed): waiting for Terraform to stop, which is at a.b, 30 s at most",
    ]);
    await expect(fake.init()).rejects.toMatchObject({
      outcome: "failed",
      message: "Stopped: the deadline of 3 s passed.",
    });
  });

  test("what is being created is waited for", async () => {
    const { fake, said, begun, stop } = stoppable([
      started("render_keyvalue.redis"),
      started("null_resource.redis_checks"),
    ]);
    const applied = fake.apply("x");
    await begun();
    await expect.poll(() => events.length).toBe(2);
    stop();
    expect(said).toEqual(["stopping (interrupted): waiting for render_keyvalue.redis to be created, 30 s at most"]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(interrupts()).toBe(0);
    create();
    expect(await applied).toMatchObject({ exitCode: 1 });
    expect(interrupts()).toBe(1);
  });

  test.each([
    ["null_resource.redis_checks", "create"],
    ["render_keyvalue.redis", "update"],
  ])("%s is not waited for in its %s", async (address, action) => {
    const { fake, begun, stop } = stoppable([started(address, "apply_start", action)]);
    const applied = fake.apply("x");
    await begun();
    await expect.poll(() => events.length).toBe(1);
    stop();
    expect(await applied).toMatchObject({ exitCode: 1 });
    expect(interrupts()).toBe(1);
  });

  test("again, nothing is waited for, and a Terraform that does not end is ended", async () => {
    const { fake, begun, stop } = stoppable([started("render_keyvalue.redis")], ":");
    const applied = fake.apply("x");
    await begun();
    await expect.poll(() => events.length).toBe(1);
    stop();
    stop();
    expect(await applied).toMatchObject({ exitCode: 1, errors: [{ summary: "Stopped: interrupted." }] });
    expect(interrupts()).toBe(1);
  });

  test("a Terraform that does not end is ended after all", async () => {
    patience.share = 0.02;
    const { fake, begun, stop } = stoppable([started("render_keyvalue.redis")], ":");
    const applied = fake.apply("x");
    await begun();
    stop();
    expect(await applied).toMatchObject({ exitCode: 1 });
    expect(interrupts()).toBe(1);
  });

  test("while it does nothing, it does not begin", async () => {
    const { fake, stop } = stoppable([]);
    stop();
    await expect(fake.plan({ out: "x" })).rejects.toThrow("Stopped: interrupted.");
  });
});

test.each([
  ["{", undefined],
  ['{"no":"type"}', undefined],
  ['{"type":"log"}', { type: "log", "@message": "" }],
])("the event in %s", (line, event) => {
  expect(readEvent(line)).toEqual(event);
});

test.each([
  [{ summary: "No", detail: "" }, "No"],
  [{ summary: "No", detail: " because\n", address: "a.b" }, "No (a.b)\nbecause"],
])("a diagnostic reads %o", (diagnostic, text) => {
  expect(describeDiagnostic({ severity: "error", ...diagnostic })).toBe(text);
});
