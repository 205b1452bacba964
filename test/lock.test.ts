import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const entry = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  /** Part of another package, whose integrity covers it. */
  inBundle: z.boolean().default(false),
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
