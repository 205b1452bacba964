import { colors } from "../runtime/colors.ts";
import { harmless, jsonText, markdownText, oneLine } from "../runtime/text.ts";
import type { Baseline } from "./baseline.ts";
import { barChart } from "./charts.ts";

/** Messages a minute that the guide wants. */
export const GOAL = 500;

export interface BaselineReport {
  readonly environment: string;
  readonly instance: { readonly id: string; readonly name: string };
  readonly vantage: string;
  readonly baseline: Baseline;
}

/** How many times as many messages a queue takes as a caller that sends them itself. */
export function gainOf({ queued, synchronous }: Baseline): number {
  return queued.perMinute / Math.max(1, synchronous.perMinute);
}

/** What was measured, in rows of a name and a value. */
export function rowsOf(baseline: Baseline): [name: string, value: string][] {
  const { synchronous, queued, latencyMs, workers, single, bulk, fetched, floor, jobBytes, memory } = baseline;
  const accept = ({ p50, p95, p99 }: Baseline["queued"]["accept"]) =>
    `${milliseconds(p50)} / ${milliseconds(p95)} / ${milliseconds(p99)}`;
  const needed = Math.ceil((GOAL / 60) * ((latencyMs + queued.accept.p50) / 1_000));
  return [
    ["a call of the provider", `${latencyMs} ms (only waited for)`],
    ["messages a minute, sent by the caller", `${synchronous.perMinute}`],
    [`messages a minute, queued, ${workers} workers`, `${queued.perMinute} (× ${gainOf(baseline).toFixed(1)})`],
    ["the caller waits, sent by itself: p50 / p95 / p99", accept(synchronous.accept)],
    ["the caller waits, queued: p50 / p95 / p99", accept(queued.accept)],
    [`workers for ${GOAL} messages a minute`, `${needed}`],
    [
      "jobs a second, added one by one",
      `${single} (${Math.round((single / floor) * 100)} % of a plain SET's ${floor})`,
    ],
    ["jobs a second, added a hundred at a time", `${bulk}`],
    ["jobs a second, fetched one by one", `${fetched}`],
    ...(jobBytes === undefined ? [] : ([["bytes a waiting job", `${jobBytes}`]] satisfies [string, string][])),
    ...(jobBytes === undefined || memory === undefined
      ? []
      : ([
          ["the memory lasts without workers", `${(memory / jobBytes / GOAL / 60).toFixed(1)} h at ${GOAL} a minute`],
        ] satisfies [string, string][])),
  ];
}

const milliseconds = (time: number) => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;

/** How a baseline is shown. */
export const BASELINE_FORMATS = {
  table: ({ environment, instance, vantage, baseline }: BaselineReport) => {
    const rows = rowsOf(baseline);
    const width = Math.max(...rows.map(([name]) => name.length));
    const head = `${colors.bold(oneLine(`${environment} ${instance.name}`))} ${colors.dim(`${instance.id}, measured from ${vantage}`)}`;
    return harmless([head, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`), ""].join("\n"));
  },
  json: (report: BaselineReport) => jsonText({ schemaVersion: 1, ...report }),
  markdown: ({ environment, instance, baseline }: BaselineReport) =>
    [
      `## Baseline of ${markdownText(`${environment} ${instance.name}`)}\n`,
      "| what | measured |\n|-|-:|",
      ...rowsOf(baseline).map(([name, value]) => `| ${markdownText(name)} | ${markdownText(value)} |`),
      "",
    ].join("\n"),
  svg: ({ environment, baseline }: BaselineReport) => baselineChart(environment, baseline),
} as const;

export function baselineChart(environment: string, { synchronous, queued, workers }: Baseline): string {
  return barChart(`${environment}: messages a minute`, [
    { label: "sent by the caller", value: synchronous.perMinute, text: String(synchronous.perMinute) },
    { label: `queued, ${workers} workers`, value: queued.perMinute, text: String(queued.perMinute) },
    { label: "the goal", value: GOAL, text: String(GOAL) },
  ]);
}
