import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildChecks, buildCommand } from "../../../cli/bundle/build.ts";
import { runChild } from "../../../runtime/child-process.ts";

/** What only the messages of another language say. */
const GERMAN = "Eingabe";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bundle-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** That a bundle, far from any `node_modules`, tells its usage; and its text. */
async function open(file: string): Promise<string> {
  const { code, stdout } = await runChild(process.execPath, [file, "--help"], { cwd: directory });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Usage: /)]);
  return readFileSync(file, "utf8");
}

test("a command of the pipeline is one file, in one piece, in one language", async () => {
  const file = join(directory, "deep/apply.cjs");
  await buildCommand("apply", file);
  expect(readdirSync(join(directory, "deep"))).toEqual(["apply.cjs"]);
  const text = await open(file);
  expect(text.includes("Invalid input") && !text.includes(GERMAN)).toBe(true);
  expect(text.split("\n").length).toBeLessThan(text.length / 1_000);
  // It is run as a script, where an import that stays one cannot be done.
  expect(text).not.toMatch(/\bimport\("node:/);
});

test("the checks bring what they build, packed", async () => {
  const file = join(directory, "checks.cjs");
  await buildChecks(file);
  const text = await open(file);
  expect([text.includes(GERMAN), text.includes("esbuild"), text.includes("inflateRawSync")]).toEqual([
    false,
    false,
    true,
  ]);
});
