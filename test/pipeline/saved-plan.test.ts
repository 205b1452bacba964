import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sha256Of } from "../../pipeline/fingerprint.ts";
import type { Review } from "../../pipeline/review/review.ts";
import { PlanDirectory } from "../../pipeline/saved-plan.ts";

const REVIEW: Review = {
  environment: `unit-${process.pid}`,
  mode: "change",
  verdict: "changes",
  findings: [],
  drift: [],
  changes: [],
  quiet: { attributes: 0, resources: [] },
  policy: { warnings: [], exceptions: [] },
  errors: [],
  terraform: "0".repeat(64),
};

const directory = new PlanDirectory(REVIEW.environment);
const other = new PlanDirectory(`other-${process.pid}`);
beforeEach(async () => {
  const file = directory.newPlanFile();
  writeFileSync(file, "the plan");
  await directory.save(file, REVIEW);
});
afterEach(() => {
  for (const { path } of [directory, other]) rmSync(path, { recursive: true, force: true });
});

test("what was saved is loaded, and only its owner can read it", async () => {
  expect(await directory.load()).toMatchObject({ review: REVIEW, bytes: Buffer.from("the plan") });
  for (const file of [directory.planFile, directory.reviewFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(directory.path).mode & 0o777).toBe(0o700);
});

test("a plan takes the place of the last one", async () => {
  const file = directory.newPlanFile();
  writeFileSync(file, "another plan");
  await directory.save(file, { ...REVIEW, verdict: "needs acknowledgement" });
  expect((await directory.load()).review.verdict).toBe("needs acknowledgement");
});

test("the fields of the last ten fingerprints are kept, privately, and only as they were", async () => {
  const prints = Array.from({ length: 12 }, (_, index) => {
    const fields = { "a.b plan": String(index) };
    return { fields, sha256: sha256Of(fields), secretsByName: false };
  });
  const kept = join(directory.path, "fingerprints");
  for (const [index, print] of prints.entries()) {
    const file = directory.newPlanFile();
    await directory.save(file, REVIEW, print);
    utimesSync(join(kept, `${print.sha256}.json`), index, index);
  }
  expect(await directory.fieldsOf(prints[1]?.sha256 ?? "")).toBeUndefined();
  for (const { sha256, fields } of prints.slice(2)) expect(await directory.fieldsOf(sha256)).toEqual(fields);
  const last = join(kept, `${prints[11]?.sha256}.json`);
  expect(statSync(last).mode & 0o777).toBe(0o600);
  writeFileSync(last, '{"a.b plan":"12"}');
  expect(await directory.fieldsOf(prints[11]?.sha256 ?? "")).toBeUndefined();
});

test("after clearing there is none", async () => {
  await directory.clear();
  await directory.clear();
  await expect(directory.load()).rejects.toMatchObject({
    outcome: "failed",
    message: `There is no saved plan for "${REVIEW.environment}". Make one with: npm run plan -- ${REVIEW.environment}`,
  });
});

function edit(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, "utf8");
  expect(change(text)).not.toBe(text);
  writeFileSync(file, change(text));
}

describe("is refused", () => {
  test.each<[what: string, alter: () => void, why: RegExp]>([
    ["an altered plan", () => edit(directory.planFile, () => "the plans"), /its file is not the one that was reviewed/],
    ["a review that is no JSON", () => writeFileSync(directory.reviewFile, "{"), /its review cannot be read/],
    [
      "a review of another version",
      () => edit(directory.reviewFile, (text) => text.replace('"schemaVersion": 2', '"schemaVersion": 1')),
      /its review cannot be read/,
    ],
    ["a plan without a review", () => rmSync(directory.reviewFile), /There is no saved plan/],
  ])("%s", async (_what, alter, why) => {
    alter();
    await expect(directory.load()).rejects.toMatchObject({ outcome: "failed", message: expect.stringMatching(why) });
  });

  test("a plan for another environment", async () => {
    mkdirSync(other.path, { recursive: true });
    copyFileSync(directory.planFile, other.planFile);
    copyFileSync(directory.reviewFile, other.reviewFile);
    await expect(other.load()).rejects.toThrow(
      `The saved plan for "other-${process.pid}" is refused: it was made for "${REVIEW.environment}". Nothing was applied. ` +
        `Plan again, and have that reviewed: npm run plan -- other-${process.pid}`,
    );
  });
});
