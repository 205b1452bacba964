import { expect, test } from "vitest";
import type { Result } from "../../checks/report.ts";
import { exitCodeOf, summarize, verdictOf, verdictText } from "../../checks/verdict.ts";
import { Verification } from "../../checks/verification.ts";
import { keyValue as keyValueSchema } from "../../render/api/endpoints.ts";
import { INSTANCE } from "./support/render-api.ts";

const evidence = { expected: "a", actual: "b", source: "c" };
const RESULTS: Readonly<Record<string, Result>> = {
  pass: { status: "pass", evidence },
  warn: { status: "warn", evidence, remedy: "look" },
  fail: { status: "fail", evidence, remedy: "mend" },
  unknown: { status: "unknown", reason: "dark", remedy: "light" },
  skip: { status: "skip", reason: "elsewhere" },
};

function verified(statuses: readonly string[], acceptUnknown = false, strict = false) {
  const checks = statuses.map((status, index) => ({ id: `${status}-${index}`, title: "T", proves: "P." }));
  const verification = new Verification({ environment: "test" }, checks, acceptUnknown, strict);
  verification.available({ status: "pass", evidence }, keyValueSchema.parse(INSTANCE));
  checks.forEach((check, index) => {
    const result = RESULTS[statuses[index] ?? ""];
    if (result !== undefined) verification.settle(check, result, 1);
  });
  return verification.report();
}

test.each([
  [[["pass", "skip"]], false, 0],
  [[["pass", "warn"]], false, 0],
  [[["unknown"]], false, 3],
  [[["unknown"]], true, 0],
  [[["unknown", "fail"]], true, 1],
  [[["pass"], ["fail"]], false, 1],
  [[["pass"], ["unknown"]], false, 3],
  [[["never settled"]], false, 3],
])("%j, unknown accepted: %s, exits with %i", (environments, acceptUnknown, code) => {
  const reports = environments.map((statuses) => verified(statuses, acceptUnknown));
  expect(exitCodeOf(reports)).toBe(code);
});

test.each<[statuses: string[], strict: boolean, verdict: string, code: number]>([
  [["pass", "skip"], true, "good", 0],
  [["pass", "warn"], false, "warned", 0],
  [["pass", "warn"], true, "warned", 3],
  [["warn", "fail"], true, "failed", 1],
  [["warn", "unknown"], true, "not established", 3],
])("%j, strict: %s, is %s and exits with %i", (statuses, strict, verdict, code) => {
  const reports = [verified(["pass"], false, strict), verified(statuses, false, strict)];
  expect([verdictText(reports), exitCodeOf(reports)]).toEqual([verdict, code]);
});

test("a wrong call is not made good by accepting what is unknown", () => {
  const verification = new Verification({ environment: "test" }, [], true);
  verification.misconfigured("two instances", "say which");
  expect(verdictOf([verification.report()])).toBe("misconfigured");
  expect(verdictOf([verification.report(), verified(["fail"])])).toBe("failed");
});

test("counts in words", () => {
  expect(summarize([verified(["pass", "fail", "unknown"]), verified(["warn", "skip"])])).toBe(
    "1 failed, 1 unknown, 1 warned, 3 passed, 1 skipped",
  );
  expect(summarize([verified(["pass"])])).toBe("2 passed");
});
