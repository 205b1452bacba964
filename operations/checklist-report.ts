import { z } from "zod";
import type { VerificationReport } from "../checks/report.ts";
import { formatMemorySize } from "../render/memory-size.ts";
import { colors } from "../runtime/colors.ts";
import { harmless, jsonText, markdownText, oneLine, xmlText } from "../runtime/text.ts";
import { baselineSchema } from "./baseline.ts";
import { baselineChart } from "./baseline-report.ts";
import { barChart } from "./charts.ts";
import type { Line } from "./checklist.ts";
import type { Evidence } from "./evidence.ts";

export interface ChecklistReport {
  readonly environment: string;
  readonly takenAt: string;
  readonly lines: readonly Line[];
  readonly reports: readonly VerificationReport[];
  /** What is drawn: evidence of inspect and of baseline. */
  readonly drawn: readonly Evidence[];
}

/** How the list is shown. */
export const CHECKLIST_FORMATS = {
  table: ({ environment, lines }: ChecklistReport) =>
    harmless([colors.bold(oneLine(`${environment}: ${count(lines)}`)), ...lines.flatMap(textOf), ""].join("\n")),
  json: (report: ChecklistReport) => jsonText({ schemaVersion: 1, ...report }),
  markdown: ({ environment, lines }: ChecklistReport) =>
    [
      `## Checklist of ${markdownText(environment)}: ${count(lines)}\n`,
      ...lines.map((line) => `- [${line.ticked ? "x" : " "}] ${markdownText(sentence(line))}`),
      "",
    ].join("\n"),
  html: formatPage,
} as const;

function count(lines: readonly Line[]): string {
  return `${lines.filter(({ ticked }) => ticked).length} of ${lines.length} ticked`;
}

/** When a line was seen, and where that is written; nothing of one that was not. */
function seenOf({ at, path }: Line): string | undefined {
  return at === undefined ? undefined : `${at.slice(0, 16).replace("T", " ")}, ${path}`;
}

function sentence(line: Line): string {
  const [{ title, says, command }, seen] = [line, seenOf(line)];
  return `${title}: ${says}${seen === undefined ? "" : ` (${seen})`}${command === undefined ? "" : `. Run: ${command}`}`;
}

function textOf(line: Line): string[] {
  const { title, ticked, says, command } = line;
  const mark = ticked ? colors.green("✔") : colors.red("✘");
  const seen = seenOf(line);
  return [
    `  ${mark} ${oneLine(title)}`,
    `    ${oneLine(says)}${seen === undefined ? "" : colors.dim(` ${oneLine(seen)}`)}`,
    ...(command === undefined ? [] : [`    ${colors.cyan("→")} ${oneLine(command)}`]),
  ];
}

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;background:#fff;color:#1f2328}
li{list-style:none;margin:.6rem 0;padding-left:1.8rem;text-indent:-1.8rem}ul{padding:0}small,code{color:#59636e}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #d1d9e0;vertical-align:top}svg{max-width:100%;height:auto}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}small,code{color:#9198a1}td,th{border-color:#3d444d}}`;

/** One page that needs nothing else: no script, no font, no picture from anywhere. */
function formatPage({ environment, takenAt, lines, reports, drawn }: ChecklistReport): string {
  const items = lines.map((line) => {
    const { title, ticked, says, command } = line;
    const at = seenOf(line);
    const seen = at === undefined ? "" : ` <small>${xmlText(at)}</small>`;
    const todo = command === undefined ? "" : `<br><code>${xmlText(command)}</code>`;
    return `<li>${ticked ? "✅" : "⬜"} <strong>${xmlText(title)}</strong>: ${xmlText(says)}${seen}${todo}</li>`;
  });
  const checks = reports.flatMap(({ results }) =>
    results.map((result) => {
      const actual = result.status === "unknown" || result.status === "skip" ? result.reason : result.evidence.actual;
      return `<tr><td>${result.status}</td><td>${xmlText(result.id)}</td><td>${xmlText(actual)}</td></tr>`;
    }),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${xmlText(environment)}: ${count(lines)}</title><style>${STYLE}</style></head><body>
<h1>${xmlText(environment)}: ${count(lines)}</h1><p><small>${xmlText(takenAt)}</small></p>
<ul>${items.join("\n")}</ul>
${drawn.flatMap(chartOf).join("\n")}
<h2>Checks</h2><table><tr><th>result</th><th>check</th><th>seen</th></tr>
${checks.join("\n")}
</table></body></html>
`;
}

const BARS = 12;

/** The chart of what an operation measured; none of what has no figures. */
function chartOf({ operation, environment, facts }: Evidence): string[] {
  if (operation === "baseline") {
    const measured = baselineSchema.safeParse(facts).data;
    return measured === undefined ? [] : [baselineChart(environment, measured)];
  }
  const parts = z.record(z.string(), z.number()).safeParse(facts.parts).data;
  if (parts === undefined) return [];
  const bars = Object.entries(parts).map(([label, value]) => ({ label, value, text: formatMemorySize(value) }));
  const largest = bars.toSorted((one, other) => other.value - one.value).slice(0, BARS);
  return [barChart(`${environment}: what takes the memory`, largest)];
}
