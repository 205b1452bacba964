import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";

const REPOSITORY = join(import.meta.dirname, "../..");
const SOURCES = [
  "main.ts",
  "package.json",
  "environments",
  "stacks",
  "constructs",
  "render",
  "runtime",
  "steps",
  "cli",
  "pipeline",
  "synthesized",
];

const copies: string[] = [];
afterEach(async () => {
  for (const copy of copies.splice(0)) await rm(copy, { recursive: true, force: true });
});

/** The repository's sources in a folder of their own, so that a test can change them. */
async function copyOfRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "synth-"));
  copies.push(copy);
  for (const source of SOURCES) await cp(join(REPOSITORY, source), join(copy, source), { recursive: true });
  await symlink(join(REPOSITORY, "node_modules"), join(copy, "node_modules"));
  return copy;
}

function synth(cwd: string, ...args: string[]) {
  return execa(process.execPath, ["--import", "tsx", "cli/synth.ts", ...args], { cwd, reject: false });
}

test("synthesized/ is what the sources give, from another folder, too", async () => {
  const { exitCode, stdout } = await synth(await copyOfRepository(), "--check");
  expect(stdout).toBe("synthesized/ is what the sources give");
  expect(exitCode).toBe(0);
});

test("a mistake in an environment is told without a trace, and nothing is written", async () => {
  const copy = await copyOfRepository();
  const staging = join(copy, "environments/staging.ts");
  await writeFile(staging, (await readFile(staging, "utf8")).replace('"oregon"', '"oregn"'));
  const { exitCode, stdout, stderr } = await synth(copy);
  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toBe(
    'The environment "staging" is not valid:\n  `redis.region` must be one of frankfurt, ohio, oregon, singapore, virginia, got: "oregn". Did you mean "oregon"?',
  );
});
