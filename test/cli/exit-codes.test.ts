import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { runChild } from "../../runtime/child-process.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")));

let empty: string;
beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), "exit-codes-"));
});
afterAll(() => rmSync(empty, { recursive: true, force: true }));

/**
 * Runs the last program of an npm script, as npm does, with nothing in the environment that says where Render is. A plan
 * asks for credentials before it looks for an environment, so one that there is not is named with them.
 */
async function run(script: string, args: readonly string[]) {
  const [program = "", ...given] = scripts[script]?.split(" && ").at(-1)?.split(" ") ?? [];
  const path = `${join(REPOSITORY, "node_modules/.bin")}:${process.env.PATH}`;
  const credentials = args.includes("nowhere") ? { RENDER_API_KEY: "rnd_none", RENDER_OWNER_ID: "tea-none" } : {};
  const env = { PATH: path, HOME: empty, NO_COLOR: "1", RENDER_HOST: "http://127.0.0.1:9/v1", ...credentials };
  const { code, stdout, stderr } = await runChild(program, [...given, ...args], { cwd: REPOSITORY, env });
  return { code, output: stdout + stderr };
}

// What a deploy, a plan or a review comes to is in the tests of each.
describe.each<[script: string, ...[args: string, code: number, says: RegExp][]]>([
  [
    "verify",
    ["--help", 0, /Usage/],
    ["", 2, /at least one environment/],
    ["nowhere", 2, /must be one of production, staging, local/],
    ["local --report x", 2, /must be one of table, json/],
    ["local", 2, /`RENDER_API_KEY` is not set/],
  ],
  ["preflight", ["--help", 0, /Usage/], ["a b", 2, /too many arguments/], ["nowhere", 2, /must be one of/]],
  ["plan", ["--help", 0, /Exit codes: 0 no changes/], ["", 1, /missing required/], ["nowhere", 1, /must be one of/]],
  ["apply", ["--help", 0, /Exit codes: 0 applied/], ["", 2, /missing required/], ["nowhere", 2, /must be one of/]],
  ["inspect", ["--help", 0, /Usage/], ["nowhere", 2, /must be one of/]],
  ["backup", ["--help", 0, /Usage/], ["nowhere", 2, /must be one of/]],
  ["restore", ["--help", 0, /Exit codes: 0 good/], ["/no/file local", 2, /no file/]],
  ["copy", ["--help", 0, /0 both sides are equal/], ["local", 2, /missing required/]],
  [
    "metrics",
    ["--help", 0, /3 an instance was not seen/],
    ["", 2, /missing required/],
    ["nowhere", 2, /must be one of/],
  ],
  ["watch", ["--help", 0, /1 an alarm, with --once/], ["", 2, /missing required/], ["nowhere", 2, /must be one of/]],
  ["baseline", ["--help", 0, /Usage/], ["nowhere", 2, /must be one of/]],
  ["checklist", ["--help", 0, /0 all ticked/], ["nowhere", 2, /must be one of/]],
  ["synth", ["--help", 0, /Usage/], ["--x", 2, /unknown option/]],
  ["doctor", ["--help", 0, /Exit codes: 0 all there/], ["--x", 2, /unknown option/]],
  [
    "drill",
    ["--help", 0, /Usage/],
    ["nothing", 2, /must be one of/],
    ["redis-away --seconds x", 2, /must be a number/],
  ],
  [
    "local",
    ["--help", 0, /Usage/],
    ["run --port x", 2, /must be a whole number/],
    ["--directory /nowhere requests", 1, /No local Render has run/],
  ],
  ["demo", ["--help", 0, /Usage/], ["--provider x", 2, /Allowed choices/]],
])("%s", (script, ...rows) => {
  test.concurrent.for(rows)("%s", async ([args, code, says], { expect }) => {
    const end = await run(script, args.split(" ").filter(Boolean));
    expect(end.output).toMatch(says);
    expect(end.code).toBe(code);
  });
});

test("every command is held to its exit codes", () => {
  const tools = [
    "typecheck",
    "lint",
    "test",
    "test:unit",
    "test:promtool",
    "rules",
    "check",
    "fix",
    "build",
    "prepare",
    "mutation",
    "recordings",
  ];
  const commands = Object.keys(scripts).filter((name) => !name.startsWith("bench:") && !tools.includes(name));
  expect(commands.sort()).toEqual([
    ...["alerts", "apply", "backup", "baseline", "checklist", "copy", "demo", "doctor", "drill", "inspect", "local"],
    ...["metrics", "plan", "preflight", "restore", "synth", "verify", "watch"],
  ]);
});
