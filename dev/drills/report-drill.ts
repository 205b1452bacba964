import Table from "cli-table3";
import pc from "picocolors";
import type { DrillResult } from "./drill.ts";
import { TARGETS } from "./tally.ts";

const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);

/** For people: what came of a drill, and the targets beside it. */
export function reportDrill(name: string, title: string, result: DrillResult): string {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    head: [name, "result", "target"],
    colAligns: ["left", "right", "left"],
  });
  const limit = (result.p95SynchronousMs ?? 0) + TARGETS.p95AboveSynchronousMs;
  table.push(
    ["messages accepted", String(result.accepted), ""],
    ["refused", String(result.refused), String(TARGETS.refused)],
    ["sent", String(result.sent), ""],
    ["lost", String(result.lost), String(TARGETS.lost)],
    ["sent twice", String(result.sentTwice), String(TARGETS.sentTwice)],
    ["p95 queued", milliseconds(result.p95QueuedMs), ""],
    ["p95 synchronous", milliseconds(result.p95SynchronousMs), ""],
  );
  if (result.p95DownMs !== undefined) {
    table.push(
      ["p95 while down", milliseconds(result.p95DownMs), `≤ ${milliseconds(limit)}`],
      ["queueing again after", milliseconds(result.recoveryMs), `≤ ${milliseconds(TARGETS.recoveryMs)}`],
    );
  }
  const verdict =
    result.missed.length === 0
      ? colors.green("✔ all targets met")
      : colors.red(`✘ missed: ${result.missed.join("; ")}`);
  return [colors.bold(title), table.toString(), ...result.notes, verdict, ""].join("\n");
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(0)} ms`;
}
