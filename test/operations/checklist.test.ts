import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { allChecks } from "../../checks/catalogue/all-checks.ts";
import type { VerificationReport } from "../../checks/report.ts";
import { AVAILABLE } from "../../checks/verification.ts";
import { checklistOf } from "../../operations/checklist.ts";
import { CHECKLIST_FORMATS } from "../../operations/checklist-report.ts";
import { evidencePath, type Recorded, readEvidence, recordEvidence } from "../../operations/evidence.ts";

const NOW = new Date("2026-11-30T23:00:00.000Z");
const INSTANCE = { id: "red-1", name: "queue", region: "oregon", plan: "starter" };
const IDS = ["available", "identity", "backend-variables", "backend-deploy", "ping", "read-write", "queue"];
const BASELINE = {
  ...{ takenAt: NOW.toISOString(), latencyMs: 1_000, workers: 10, single: 3_000, bulk: 20_000, fetched: 3_000 },
  ...{ floor: 10_000, jobBytes: 600, memory: 256 * 1024 ** 2 },
  synchronous: { perMinute: 60, accept: { p50: 1_001, p95: 1_003, p99: 1_004 } },
  queued: { perMinute: 590, accept: { p50: 0.3, p95: 0.6, p99: 1 } },
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "checklist-"));
  for (const operation of ["baseline", "backup", "watch", "outage-drill", "inspect"] as const) record(operation);
});
afterEach(() => rmSync(root, { recursive: true }));

function record(operation: Recorded, given: Partial<Parameters<typeof recordEvidence>[0]> = {}): void {
  const at = new Date(NOW.getTime() - 3_600_000).toISOString();
  const facts =
    operation === "baseline" ? BASELINE : operation === "inspect" ? { parts: { "mail completed": 5e6 } } : {};
  recordEvidence(
    {
      ...{
        operation,
        environment: "local",
        begunAt: at,
        endedAt: at,
        outcome: "good",
        summary: `${operation} went well`,
      },
      ...(operation === "outage-drill" ? {} : { instance: { id: INSTANCE.id, name: INSTANCE.name } }),
      ...{ facts, ...given },
    },
    root,
  );
}

function reportWith(changed: Record<string, "fail" | "skip" | "unknown" | "missing"> = {}): VerificationReport {
  const base = { durationMs: 1, misconfigured: false, acceptUnknown: false, passedOver: [] };
  const results = IDS.filter((id) => changed[id] !== "missing").map((id): VerificationReport["results"][number] => {
    const statement = { id, title: id, proves: id, durationMs: 0 };
    const evidence = { expected: "good", actual: `${id} as seen`, source: "INFO" };
    const status = changed[id];
    if (status === "fail") return { ...statement, status, evidence, remedy: "Mend it." };
    if (status === "skip") return { ...statement, status, reason: "does not apply" };
    if (status === "unknown") return { ...statement, status, reason: "not seen", remedy: "Look." };
    return { ...statement, status: "pass", evidence };
  });
  return { ...base, environment: "local", instance: INSTANCE, startedAt: NOW.toISOString(), results };
}

function list(report = reportWith()) {
  return checklistOf({ environment: "local", reports: [report], path: ".evidence/local/checks.json", now: NOW, root });
}
const unticked = (report?: VerificationReport) => list(report).flatMap((line, at) => (line.ticked ? [] : [at]));

test("it asks for checks that there are", () => {
  expect([AVAILABLE, ...allChecks].map(({ id }) => id)).toEqual(expect.arrayContaining(IDS));
});

test("every line is ticked, with what was seen, when, and where it is written", () => {
  expect(unticked()).toEqual([]);
  for (const line of list())
    expect(line).toMatchObject({ at: expect.any(String), path: expect.stringMatching(/^\.evidence/) });
});

describe("a line is not ticked", () => {
  test.each([
    ["available", [0]],
    ["identity", [0]],
    ["backend-variables", [1]],
    ["backend-deploy", [2]],
    ["ping", [3]],
    ["read-write", [3]],
    ["queue", [4]],
  ] as const)("when %s failed, was not seen, does not apply or did not run", (id, lines) => {
    for (const how of ["fail", "unknown", "skip", "missing"] as const) {
      expect([how, unticked(reportWith({ [id]: how }))]).toEqual([how, lines]);
    }
  });

  test.each([
    ["baseline", [5, 6]],
    ["watch", [7]],
    ["backup", [8]],
    ["outage-drill", [9]],
  ] as const)(
    "without evidence of %s, with one that went wrong, of another instance, or too old",
    (operation, lines) => {
      const id = operation === "outage-drill" ? {} : { instanceId: INSTANCE.id };
      record(operation, { outcome: "failed" });
      expect(unticked()).toEqual(lines);
      record(operation, { endedAt: "2026-06-01T00:00:00.000Z" });
      expect(unticked()).toEqual(lines);
      rmSync(evidencePath({ environment: "local", operation, root, ...id }));
      expect(unticked()).toEqual(lines);
      record(operation, { instance: { id: "red-2", name: "other" } });
      expect(unticked()).toEqual(lines);
      for (const at of lines) expect(list()[at]?.command).toMatch(/^npm run /);
    },
  );

  test("when the figures do not reach what the line says", () => {
    record("baseline", { facts: { ...BASELINE, queued: { ...BASELINE.queued, perMinute: 499 } } });
    expect(unticked()).toEqual([5]);
    record("baseline", {
      facts: { ...BASELINE, queued: { perMinute: 600, accept: { p50: 2_000, p95: 2_000, p99: 1 } } },
    });
    expect(unticked()).toEqual([6]);
    record("baseline", { facts: { perMinute: 600 } });
    expect(unticked()).toEqual([5, 6]);
  });
});

test("the page holds all of it and needs nothing from elsewhere", () => {
  const drawn = (["inspect", "baseline"] as const).flatMap(
    (operation) => readEvidence({ environment: "local", operation, instanceId: INSTANCE.id, root }) ?? [],
  );
  const report = reportWith({ queue: "fail" });
  const page = CHECKLIST_FORMATS.html({
    ...{ environment: "<local>", takenAt: NOW.toISOString(), lines: list(report), reports: [report], drawn },
  });
  expect(page).toContain("9 of 10 ticked");
  expect(page.match(/<svg /g)).toHaveLength(2);
  expect(page).toContain("prefers-color-scheme:dark");
  expect(page).toContain("&lt;local&gt;");
  expect(page).not.toContain("<local>");
  expect(page).not.toMatch(/<script|<link|<img|@import|src=|url\(|href=/);
  expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
});

test("the other reports tick alike", () => {
  const given = { environment: "local", takenAt: NOW.toISOString(), reports: [reportWith()], drawn: [], lines: list() };
  expect(CHECKLIST_FORMATS.markdown(given).match(/^- \[x\]/gm)).toHaveLength(10);
  expect(CHECKLIST_FORMATS.table(given).match(/✔/g)).toHaveLength(10);
  expect(JSON.parse(CHECKLIST_FORMATS.json(given))).toMatchObject({ schemaVersion: 1, lines: { length: 10 } });
});
