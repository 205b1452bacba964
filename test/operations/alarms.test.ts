import { describe, expect, test } from "vitest";
import { memoryHeadroom } from "../../checks/catalogue/server.ts";
import type { CheckResult, Status } from "../../checks/report.ts";
import { Alarms, AT_ONCE, PATIENCE } from "../../operations/alarms.ts";
import { judge } from "../checks/support/judge.ts";

const evidence = { expected: "this", actual: "that", source: "INFO" };
const found = (status: Status): CheckResult => {
  const statement = { id: "memory-headroom", title: "Memory headroom", proves: "room", durationMs: 0 };
  if (status === "skip") return { ...statement, status, reason: "why" };
  if (status === "unknown") return { ...statement, status, reason: "why", remedy: "do" };
  return status === "pass" ? { ...statement, status, evidence } : { ...statement, status, evidence, remedy: "do" };
};

/** `f` for a sample that fails, `w` warns, `p` passes, `u` is unknown: what is told at which of them. */
function told(samples: string, alarms = new Alarms()): string[] {
  const statuses = { f: "fail", w: "warn", p: "pass", u: "unknown", s: "skip" } as const;
  return [...samples].flatMap((letter, index) => {
    const status = statuses[letter as keyof typeof statuses];
    return alarms.judge([found(status)], new Date(index * 15_000)).map(({ event }) => `${event} ${index}`);
  });
}

describe("an alarm", () => {
  test.each([
    ["begins at the third failure in a row", "ffff", ["begin 2"]],
    ["not at failures with others in between", "ffpffwffuf", ["begin 9"]],
    ["is over at the fourth pass in a row", "fffpppp", ["begin 2", "end 6"]],
    ["not at fewer", "fffpppfpppfpppp", ["begin 2", "end 14"]],
    ["stays between the limits", `fff${"w".repeat(59)}`, ["begin 2"]],
    ["is over when it stays there for long", `fff${"w".repeat(60)}`, ["begin 2", "end 62"]],
    ["is told once while a value swings around the limit", `fff${"wwfff".repeat(50)}pppp`, ["begin 2", "end 256"]],
    ["stays while nothing can be established", `fff${"u".repeat(500)}pppp`, ["begin 2", "end 506"]],
    ["does not count what was unknown", "fuuff", ["begin 4"]],
    ["is over where the check no longer applies", "fffssss", ["begin 2", "end 6"]],
    ["begins again after its end", "fffppppfff", ["begin 2", "end 6", "begin 9"]],
    ["is none for a warning", "w".repeat(500), []],
  ])("%s", (_, samples, events) => {
    expect(told(samples)).toEqual(events);
  });

  test("goes on where another process began it", () => {
    const first = new Alarms();
    expect(told("fff", first)).toEqual(["begin 2"]);
    expect(told("fffpppp", new Alarms(first.open))).toEqual(["end 6"]);
    expect(told("wwwwppppp", new Alarms(first.open))).toEqual(["end 7"]);
  });

  test("of single samples begins and ends at once, and stays between the limits", () => {
    let open = new Alarms([], () => AT_ONCE).open;
    const run = (sample: string) => {
      const alarms = new Alarms(open, () => AT_ONCE);
      const events = told(sample, alarms);
      open = alarms.open;
      return events;
    };
    expect([..."pffwfpp"].map((sample) => run(sample).length)).toEqual([0, 1, 0, 0, 0, 1, 0]);
    expect(run("f")).toEqual(["begin 0"]);
    expect([..."w".repeat(PATIENCE.calm)].flatMap((sample) => run(sample))).toEqual(["end 0"]);
  });
});

test("memory that swings between 79 and 81 % is one alarm, which is over below 70 %", () => {
  const alarms = new Alarms();
  const shares = [60, 75, ...Array.from({ length: 100 }, (_, index) => (index % 8 < 4 ? 81 : 79)), 72, 69, 69, 69, 69];
  const events = shares.flatMap((percent) => {
    const used_memory = String(Math.round(268_435_456 * (percent / 100)));
    const result = { ...found("pass"), ...judge(memoryHeadroom, { info: { used_memory } }) } as CheckResult;
    return alarms.judge([result], new Date()).map(({ event }) => event);
  });
  expect(events).toEqual(["begin", "end"]);
});
