import { describe, expect, test } from "vitest";
import {
  factsOf,
  INSPECT_FORMATS,
  type InspectReport,
  judgeInspection,
  partsOf,
} from "../../operations/inspect-report.ts";
import type { Inspection } from "../../operations/inspection.ts";

const MB = 1024 ** 2;

const FOUND: Inspection = {
  takenAt: "2026-11-30T22:00:00.000Z",
  tookMs: 1_200,
  refused: ["CLIENT LIST"],
  sizes: "sampled",
  keys: { total: 200_000, seen: 200_000 },
  memory: { used: 200 * MB, limit: 256 * MB, clients: 2 * MB, policy: "noeviction" },
  write: "OK",
  queues: [
    {
      ...{ db: 0, name: "mail", library: "bull", version: "BullMQ 6", events: 2 * MB, oldestWaitingSeconds: 7_000 },
      states: [
        { state: "completed", jobs: 120_000, bytes: 150 * MB },
        { state: "failed", jobs: 500, bytes: MB },
        { state: "waiting", jobs: 100, bytes: MB },
      ],
    },
  ],
  groups: [
    { db: 0, pattern: "bull:mail:*", keys: 120_600, bytes: 140 * MB, lasting: 120_600 },
    { db: 0, pattern: "session:*", keys: 70_000, bytes: 30 * MB, lasting: 70_000 },
    { db: 1, pattern: "bull:mail:*", keys: 10, bytes: MB, lasting: 10 },
  ],
  largest: [{ db: 0, key: "bull:mail:completed", bytes: 10 * MB }],
};

const FIRST = "2026-11-30T21:00:00.000Z";

function reportOf(inspection: Inspection, last?: Parameters<typeof judgeInspection>[1]): InspectReport {
  const about = { environment: "local", instance: { id: "red-1", name: "queue" }, vantage: "external" };
  return { ...about, inspection, ...judgeInspection(inspection, last) };
}

describe("what fills the memory", () => {
  test("kept jobs: the queue, the setting, and the bytes that it frees", () => {
    const { causes } = reportOf(FOUND);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toMatchObject({
      what: "queue mail (BullMQ 6) keeps 120,000 completed jobs, 150 MB",
      setting: "removeOnComplete: { count: 1000 }",
      frees: Math.round(150 * MB * (1 - 1_000 / 120_000)),
    });
    expect(causes[0]?.remedy).toContain('queue.clean(0, 120000, "completed")');
  });

  test("failed jobs have a setting of their own, waiting ones none", () => {
    const states = [
      { state: "failed", jobs: 90_000, bytes: 90 * MB },
      { state: "waiting", jobs: 50_000, bytes: 80 * MB },
    ] as const;
    const [queue] = FOUND.queues;
    const { causes } = reportOf({ ...FOUND, queues: queue === undefined ? [] : [{ ...queue, states: [...states] }] });
    expect(causes.map(({ setting }) => setting)).toEqual(["removeOnFail: { count: 1000 }", undefined]);
    expect(causes[1]?.remedy).toContain("more workers");
  });

  test("clients' buffers, when the data is 4 of 249 MB", () => {
    const clients = [{ name: "slow", address: "10.0.0.1:5", command: "client|list", bytes: 240 * MB }];
    const { causes } = reportOf({ ...FOUND, queues: [], groups: [], clients });
    expect(causes.map(({ what }) => what)).toEqual(["clients' buffers take 240 MB"]);
  });

  test("is each counted once: a queue's keys by state, the others by their names", () => {
    expect(partsOf(FOUND).map(({ label }) => label)).toEqual([
      "mail (BullMQ 6) completed",
      "session:*",
      "mail (BullMQ 6) events",
      "mail (BullMQ 6) failed",
      "mail (BullMQ 6) waiting",
      "bull:mail:* in database 1",
    ]);
  });
});

test("what has grown since the last look is told", () => {
  const facts = factsOf({ ...FOUND, groups: [], queues: [] });
  const last = { schemaVersion: 1, operation: "inspect", environment: "local", outcome: "good", summary: "" } as const;
  const { growth } = judgeInspection(FOUND, { ...last, begunAt: FIRST, endedAt: FIRST, facts });
  expect(growth[0]).toEqual({ label: "mail (BullMQ 6) completed", bytes: 150 * MB, since: FIRST });
  expect(judgeInspection(FOUND, { ...last, begunAt: FIRST, endedAt: FIRST, facts: factsOf(FOUND) }).growth).toEqual([]);
  expect(judgeInspection(FOUND, { ...last, begunAt: FIRST, endedAt: FIRST, facts: {} }).growth).not.toEqual([]);
});

test.each([
  [{ write: "OOM" as const }, /A write is refused: its memory is full/],
  [{ keys: { total: 10, seen: 4 } }, /4 of 10 keys were seen/],
  [{ sizes: "estimated" as const }, /MEMORY USAGE is refused/],
  [{ refused: ["INFO"] }, /INFO is refused/],
])("what is wrong, or not known, is told: %j", (given, said) => {
  expect(reportOf({ ...FOUND, ...given }).notes.join("\n")).toMatch(said);
});

describe("the reports", () => {
  const names = { db: 0, key: "evil\u001b[2J\n::error::x", bytes: MB };
  const report = reportOf({
    ...FOUND,
    largest: [names],
    groups: [...FOUND.groups, { db: 0, pattern: '<script>alert(1)</script>|"', keys: 5, bytes: 9 * MB, lasting: 5 }],
  });

  test("a table with bars", () => {
    const table = INSPECT_FORMATS.table(report);
    expect(table).toMatch(/^local queue: 200 MB of 256 MB \(78 %\) used red-1, seen from external, 1\.2 s$/m);
    expect(table).toMatch(/^ {2}mail \(BullMQ 6\) completed +120,000 +150 MB {2}█{30}$/m);
    expect(table).toContain("mail: the oldest job has waited 117 min");
    expect(table).toContain("▲ queue mail (BullMQ 6) keeps 120,000 completed jobs, 150 MB");
    expect(table).toContain("without a time to live: 70,000 of 70,000 session:*");
    expect(table).not.toContain("\u001b[2J");
    expect(table).not.toMatch(/^::error/m);
  });

  test("JSON, Markdown, and an SVG that runs nothing", () => {
    expect(JSON.parse(INSPECT_FORMATS.json(report))).toMatchObject({ schemaVersion: 1, environment: "local" });
    expect(INSPECT_FORMATS.markdown(report)).toContain("| mail (BullMQ 6) completed | 120000 | 150 MB |");
    const svg = INSPECT_FORMATS.svg(report);
    expect(svg).toMatch(/^<svg [^>]*>\n/);
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&lt;script&gt;");
  });
});
