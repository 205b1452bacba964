import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COMMANDS, helpOf } from "../../cli/commands.ts";
import { runChild } from "../../runtime/child-process.ts";
import { PROGRAM } from "../program.ts";

const ROOT = join(PROGRAM, "..");
const ask = (args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = ROOT) =>
  runChild(process.execPath, [PROGRAM, ...args], { cwd, env: { PATH: process.env.PATH, NO_COLOR: "1", ...env } });

test.each([[[]], [["--help"]], [["help"]]])("%j lists every command", async (args) => {
  const { code, stdout } = await ask(args);
  expect(code).toBe(0);
  for (const [name, { summary }] of Object.entries(COMMANDS))
    expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}`, "m"));
});

test("the version is the package's", async () => {
  expect(await ask(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test("a command that there is not is refused with the nearest", async () => {
  expect(await ask(["verfy"])).toMatchObject({
    code: 2,
    stderr: 'There is no command "verfy". Did you mean "verify"?\n',
  });
  expect(await ask(["toString"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("See: render-redis --help"),
  });
});

test("help ends with all exit codes and examples", () => {
  expect(helpOf(COMMANDS.plan)).toContain("Exit codes: 0 no changes, 1 failed, or wrong usage, 2 changes, 3 needs");
  expect(helpOf(COMMANDS.synth)).toContain("Exit codes: 0 good, 1 failed, 2 wrong usage or configuration, 3 not");
  for (const [name, { examples }] of Object.entries(COMMANDS))
    for (const example of examples) expect(example).toMatch(new RegExp(`^${name}\\b`));
});

test("from a sub-directory a command does the same", async () => {
  const { code, stderr } = await ask(["preflight", "production"], {}, join(ROOT, "docs/decisions"));
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^[^\n]*is not (set|known)[^\n]*\n$/)]);
});

describe("a forgotten --", () => {
  test.each([
    [
      ["verify", "production", "json"],
      { npm_config_report: "true", npm_config_accept_unknown: "true" },
      "--accept-unknown, --report",
    ],
    [["plan", "production"], { npm_config_refresh_only: "true" }, "--refresh-only"],
    [["local"], { npm_config_port: "true" }, "--port"],
  ])("%j is noticed", async (args, taken, names) => {
    const { code, stderr } = await ask(args, { npm_lifecycle_event: args[0], ...taken });
    expect(stderr).toBe(
      `npm has kept ${names} for itself. Write \`--\` before what is for the command: npm run ${args[0]} -- …\n`,
    );
    expect(code).toBe(args[0] === "plan" ? 1 : 2);
  });

  test("what npm was set to, and what npm does not run, is no mistake", async () => {
    const { stderr } = await ask(["verify", "nowhere"], {
      npm_lifecycle_event: "verify",
      npm_config_only: "production",
    });
    expect(stderr).toContain("The environment must be one of");
    expect((await ask(["verify", "nowhere"], { npm_config_report: "true" })).stderr).toContain("must be one of");
  });
});

describe("completion", () => {
  test.each([
    [["ver"], ["verify"]],
    [
      ["verify", ""],
      ["production", "staging", "local"],
    ],
    [["verify", "production", "st"], ["staging"]],
    [
      ["verify", "--mem"],
      ["--memory-warn", "--memory-fail"],
    ],
    [["plan", "--report", ""], []],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["local", ""], []],
    [["nothing", ""], []],
  ])("after %j comes %j", async (words, candidates) => {
    const { stdout } = await ask(["complete", ...words]);
    expect(stdout.split("\n").filter(Boolean)).toEqual(candidates);
  });

  test("bash completes what is typed", async () => {
    const bin = mkdtempSync(join(tmpdir(), "bash-"));
    symlinkSync(process.execPath, join(bin, "node"));
    const script = `eval "$(node ${PROGRAM} completion bash)"; COMP_WORDS=(render-redis verify prod); COMP_CWORD=2; _render_redis; echo "\${COMPREPLY[@]}"; render-redis --version`;
    const { stdout } = await runChild("bash", ["-c", script], { env: { PATH: `${bin}:/usr/bin:/bin` }, cwd: tmpdir() });
    rmSync(bin, { recursive: true });
    expect(stdout).toMatch(/^production\n\d/);
  });
});
