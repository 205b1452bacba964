import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProgramOptions } from "../../cli/program.ts";
import { Child, runChild } from "../../runtime/child-process.ts";

let directory: string;
let program: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "program-"));
  program = join(directory, "scenarios.cjs");
  const entryPoints = [join(import.meta.dirname, "program-scenarios.ts")];
  await build({ entryPoints, outfile: program, bundle: true, platform: "node", format: "cjs" });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const env = { ...process.env, RENDER_API_KEY: "rnd_key" };

async function run(scenario: string, options: Partial<ProgramOptions> = {}) {
  const began = performance.now();
  const end = await runChild(process.execPath, [program, scenario, JSON.stringify(options)], { env });
  return { ...end, seconds: (performance.now() - began) / 1_000 };
}

test.each<[string, number, RegExp, Partial<ProgramOptions>?]>([
  ["nothing", 0, /^$/],
  ["unknown", 3, /^$/],
  ["number", 42, /^$/],
  ["stop", 3, /^Not seen\. Look again\.\n$/],
  ["misused", 2, /^$/],
  ["misused", 1, /^$/, { misused: 1 }],
  ["invalid", 2, /^must be one, got: 2\.\n$/],
  ["refused", 1, /^GET \/x failed: 500: why\.\n$/],
  ["unreachable", 3, /^GET \/x failed: why\.\n$/],
  ["kept open", 0, /^$/],
  ["a report and a crash", 33, /^It crashed \(TypeError\)/],
])("%s ends with %i", async (scenario, code, message, options) => {
  const end = await run(scenario, options);
  expect(end.stderr).toMatch(message);
  expect(end.code).toBe(code);
});

test.each(["crash", "crash elsewhere"])("a %s names its kind and its place, and not what it says", async (scenario) => {
  const end = await run(scenario);
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/^It crashed \((Type)?Error\)\. This is a mistake in the program\.\n\s+at .*scenarios/);
  expect(end.stderr).not.toMatch(/secret|shown|rnd_key/);
});

test("all that was printed arrives", async () => {
  expect((await run("much to say")).stdout).toHaveLength(1_000_000);
});

describe("a deadline", () => {
  test.each([
    ["late", 1, "Stopped: the deadline of 0.2 s passed.\n"],
    ["late and deaf", 1, "Stopped: the deadline of 0.2 s passed.\n"],
    ["late with a report", 3, "Stopped: the deadline of 0.2 s passed.\n"],
  ])("ends %s", async (scenario, code, message) => {
    const end = await run(scenario);
    expect(end).toMatchObject({ code, stderr: message });
    expect(end.stdout).toBe(scenario === "late with a report" ? "the report\n" : "");
    expect(end.seconds).toBeLessThan(5);
  });
});

describe("an interruption", () => {
  async function interrupt(scenario: string, options: Partial<ProgramOptions>, signals: readonly NodeJS.Signals[]) {
    const lines: string[] = [];
    const left = [...signals];
    const child: Child = new Child(process.execPath, [program, scenario, JSON.stringify(options)], {
      env,
      onLine: (line) => {
        lines.push(line);
        const next = left.shift();
        if (next !== undefined) child.signal(next);
      },
    });
    const { code } = await child.ended;
    return { code, lines };
  }

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("by %s ends a command that does not listen", async (signal) => {
    const end = await interrupt("interrupted deaf", { stopped: "Stopped. It goes on." }, [signal]);
    expect(end).toEqual({ code: 1, lines: ["ready", "Stopped. It goes on."] });
  });

  test("is all that is said of what it caused", async () => {
    expect(await interrupt("interrupted heeding", {}, ["SIGINT"])).toEqual({ code: 1, lines: ["ready", "Stopped."] });
  });

  test("lets a command clean up that has to, and is told each time", async () => {
    const end = await interrupt("interrupted cleaning", { ends: "when done" }, ["SIGINT", "SIGTERM"]);
    expect(end).toEqual({ code: 0, lines: ["ready", "1", "2", "cleaned"] });
  });

  test("ends such a command at once when it is repeated, where that is wanted", async () => {
    const end = await interrupt("interrupted cleaning", { ends: "when done or asked twice" }, ["SIGINT", "SIGINT"]);
    expect(end).toEqual({ code: 1, lines: ["ready", "1", "2"] });
  });

  test("also comes from a reader who has gone", async () => {
    const script = `("$0" "$1" "printing on"; echo "$?" >&2) | head -1`;
    const end = await runChild("sh", ["-c", script, process.execPath, program], { env });
    expect(end).toMatchObject({ stdout: "ready\n", stderr: "0\n" });
  });
});
