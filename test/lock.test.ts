import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const entry = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  /** Part of another package, whose integrity covers it. */
  inBundle: z.boolean().default(false),
  /** Only for those who work on this project. */
  dev: z.boolean().default(false),
});
const lock = z
  .object({ packages: z.record(z.string(), entry) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8")));
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
const namesOf = (wrong: (found: z.output<typeof entry>) => boolean) =>
  packages.flatMap(([path, found]) => (wrong(found) ? [`${path} ${found.version}`] : []));

test("every package that is downloaded is known by its content", () => {
  expect(packages.length).toBeGreaterThan(500);
  expect(namesOf(({ integrity, inBundle }) => !inBundle && !/^sha512-/.test(integrity ?? ""))).toEqual([]);
});

test("the lock file names no registry", () => {
  expect(namesOf(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test("what plans, applies and verifies needs little: no toolchain, and at most 120 MB", () => {
  const production = packages.filter(([, { dev }]) => !dev).map(([path]) => path);
  for (const tool of ["cdktf-cli", "@biomejs/biome", "vitest", "typescript"]) {
    expect(production).not.toContain(`node_modules/${tool}`);
  }
  const megabytes = production.reduce((sum, path) => sum + sizeOf(join(import.meta.dirname, "..", path)), 0) / 1e6;
  expect(megabytes).toBeGreaterThan(20);
  expect(megabytes).toBeLessThan(120);
});

/** Bytes on the disk, without the packages inside it. What is for another platform is not there. */
function sizeOf(directory: string): number {
  try {
    return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" ? sum : sum + sizeOf(path);
      return sum + lstatSync(path).blocks * 512;
    }, 0);
  } catch {
    return 0;
  }
}
