import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DRILLS } from "../dev/drills/drills.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(REPOSITORY, path), "utf8");
const runbook = read("docs/runbook.md");

/** Rehearsed by a drill, not by a deploy of production. */
const DRILLED = { "Redis is full": "full", "Moving the data": "move" };

// What the runbook says is done in production's own form by the test of its life, or rehearsed by a drill, which have a test
// each.
test("every entry of the runbook is run by a test", () => {
  const entries = [...runbook.matchAll(/^## (.+)$/gm)].map(([, entry = ""]) => entry);
  const lived = [...read("test/e2e/lifecycle.test.ts").matchAll(/ test\("([^:"]+): /g)].map(([, entry]) => entry);
  expect(entries.filter((entry) => !lived.includes(entry))).toEqual(Object.keys(DRILLED));
  expect(lived.filter((entry) => entry !== undefined && !entries.includes(entry))).toEqual([]);
});

test("every drill that it names is there", () => {
  const named = [...runbook.matchAll(/npm run drill -- ([\w-]+)/g)].map(([, name]) => name);
  expect(named).toEqual(expect.arrayContaining(Object.values(DRILLED)));
  expect(Object.keys(DRILLS)).toEqual(expect.arrayContaining(named));
});
