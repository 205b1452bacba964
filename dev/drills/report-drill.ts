import { colors } from "../../runtime/colors.ts";
import type { DrillResult } from "./drill.ts";
import { isIdleEnough, TARGETS } from "./tally.ts";

/** For people: what came of a drill, and the targets beside it. */
export function reportDrill(name: string, title: string, result: DrillResult): string {
  const limit = (result.p95SynchronousMs ?? 0) + TARGETS.p95AboveSynchronousMs;
  const rows = [
    [name, "result", "target"],
    ["messages accepted", String(result.accepted), ""],
    ["refused", String(result.refused), String(TARGETS.refused)],
    ["sent", String(result.sent), ""],
    ["lost", String(result.lost), String(TARGETS.lost)],
    ["still waiting", String(result.waiting), String(TARGETS.waiting)],
    ["failed at every attempt", String(result.failed), String(TARGETS.failed)],
    ["sent twice", String(result.sentTwice), String(TARGETS.sentTwice)],
    ["p95 queued", milliseconds(result.p95QueuedMs), ""],
    ["p95 synchronous", milliseconds(result.p95SynchronousMs), ""],
  ];
  if (result.p95DownMs !== undefined) {
    rows.push(
      ["p95 while down", milliseconds(result.p95DownMs), `≤ ${milliseconds(limit)}`],
      ["queueing again after", milliseconds(result.recoveryMs), `≤ ${milliseconds(TARGETS.recoveryMs)}`],
    );
  }
  const verdict =
    result.missed.length === 0
      ? colors.green("✔ all targets met")
      : colors.red(`✘ missed: ${result.missed.join("; ")}`);
  const notes = [
    ...(result.unwritten === 0
      ? []
      : [
          `${result.unwritten} messages were acknowledged within two seconds of the kill and are gone: with appendfsync ` +
            "everysec they may not have been written. That can happen on Render, too.",
        ]),
    ...(isIdleEnough(result.idle)
      ? []
      : [`The machine was busy (${percent(result.idle)} idle): times are not judged.`]),
    ...result.notes,
  ];
  return [colors.bold(title), ...formatRows(rows), ...notes, verdict, ""].join("\n");
}

/** The first row is the head, the second column has numbers. */
function formatRows(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const lines = rows.map(([what = "", value = "", target = ""]) =>
    `  ${what.padEnd(width(0))}  ${value.padStart(width(1))}  ${target}`.trimEnd(),
  );
  return lines.map((line, index) => (index === 0 ? colors.dim(line) : line));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(0)} ms`;
}
