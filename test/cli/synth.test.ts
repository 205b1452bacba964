import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { Checkout } from "../../dev/checkout.ts";

const copies: string[] = [];
afterEach(async () => {
  for (const copy of copies.splice(0)) await rm(copy, { recursive: true, force: true });
});

/** The repository in a folder of its own, so that a test can change it. */
function copyOfRepository(): string {
  const { path } = new Checkout();
  copies.push(path);
  return path;
}

function synth(cwd: string, ...args: string[]) {
  return execa(process.execPath, ["render-redis.mjs", "synth", ...args], { cwd, reject: false });
}

test("synthesized/ is what the sources give, from another folder, too", async () => {
  const { exitCode, stdout } = await synth(copyOfRepository(), "--check");
  expect(stdout).toBe("synthesized/ is what the sources give");
  expect(exitCode).toBe(0);
});

test("a mistake in an environment is told without a trace, and nothing is written", async () => {
  const copy = copyOfRepository();
  const staging = join(copy, "environments/staging.ts");
  await writeFile(staging, (await readFile(staging, "utf8")).replace('"oregon"', '"oregn"'));
  const { exitCode, stdout, stderr } = await synth(copy);
  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toBe(
    'The environment "staging" is not valid:\n  `redis.region` must be one of frankfurt, ohio, oregon, singapore, virginia, got: "oregn". Did you mean "oregon"?',
  );
});
