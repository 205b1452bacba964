import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
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

async function run(scenario: string) {
  const began = performance.now();
  const end = await runChild(process.execPath, [program, scenario], { env });
  return { ...end, seconds: (performance.now() - began) / 1_000 };
}

test("what is kept open does not keep the process", async () => {
  expect(await run("kept open")).toMatchObject({ code: 0, stderr: "" });
});

test("all that was printed arrives", async () => {
  expect((await run("much to say")).stdout).toHaveLength(1_000_000);
});

test("a crash elsewhere names its kind and its place, and not what it says", async () => {
  const end = await run("crash elsewhere");
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/^It crashed \(Error\)\. This is a mistake in the program\.\n\s+at .*scenarios/);
  expect(end.stderr).not.toContain("not shown");
});

test.each([
  ["late and deaf", 1, ""],
  ["late with a report", 3, "the report\n"],
])("a deadline ends what is %s", async (scenario, code, stdout) => {
  const end = await run(scenario);
  expect(end).toMatchObject({ code, stdout, stderr: "Stopped: the deadline of 0.2 s passed.\n" });
  expect(end.seconds).toBeLessThan(5);
});

test("a signal ends what does not listen", async () => {
  const lines: string[] = [];
  const child: Child = new Child(process.execPath, [program, "interrupted deaf"], {
    env,
    onLine: (line) => {
      lines.push(line);
      if (line === "ready") child.signal("SIGTERM");
    },
  });
  expect((await child.ended).code).toBe(1);
  expect(lines).toEqual(["ready", "Stopped."]);
});

test("a reader who has gone ends what is printed for them", async () => {
  const script = `("$0" "$1" "printing on"; echo "$?" >&2) | head -1`;
  const end = await runChild("sh", ["-c", script, process.execPath, program], { env });
  expect(end).toMatchObject({ stdout: "ready\n", stderr: "0\n" });
});
