import { type CheckResult, type Status, subjectOf, type VerificationReport } from "../../../checks/report.ts";
import { summarize, verdictText } from "../../../checks/verdict.ts";
import { colors } from "../../../runtime/colors.ts";
import { harmless, oneLine } from "../../../runtime/text.ts";
import { lineWidth, wrap } from "../wrap.ts";
import { type Alike, alike } from "./alike.ts";

const MARKS: Readonly<Record<Status, string>> = {
  pass: colors.green("✔"),
  warn: colors.yellow("▲"),
  fail: colors.red("✘"),
  unknown: colors.magenta("?"),
  skip: colors.dim("–"),
};

const COLOURS: Readonly<Record<ReturnType<typeof verdictText>, (text: string) => string>> = {
  good: colors.green,
  warned: colors.yellow,
  failed: colors.red,
  misconfigured: colors.magenta,
  "not established": colors.magenta,
};

/** Columns of what to do, also in a log. */
const LINE_WIDTH = 100;

/** For people: a line for each check, and below one that did not pass what was expected and what to do. */
export function formatTable(reports: readonly VerificationReport[], columns = lineWidth()): string {
  const verdict = verdictText(reports);
  const colour = COLOURS[verdict];
  // A text that is wrapped may begin a line with what was in the middle of one.
  return harmless(
    [...reports.map((report) => section(report, columns)), colour(`${verdict}: ${summarize(reports)}`), ""].join("\n"),
  );
}

function section(report: VerificationReport, columns: number): string {
  const { instance, service, vantage, passedOver, results } = report;
  const from = vantage === undefined || vantage === "api-only" ? "" : `, seen from ${vantage}`;
  const heading = service
    ? ` ${oneLine(`${service.name} (${service.id})`)}`
    : instance
      ? ` ${oneLine(`${instance.name} (${instance.id}, ${instance.plan}, ${instance.region})`)}`
      : "";
  const width = Math.max(...results.map(({ id }) => id.length));
  return [
    `${colors.bold(oneLine(subjectOf(report)))}${heading}${from} ${colors.dim(`${(report.durationMs / 1000).toFixed(1)} s`)}`,
    ...passedOver.map(({ vantage: other, reason }) => colors.dim(`  not ${other}: ${oneLine(reason)}`)),
    ...alike(results).flatMap((group) => linesOf(group, width, columns)),
    "",
  ].join("\n");
}

function linesOf({ result, ids }: Alike, width: number, columns: number): string[] {
  const indent = " ".repeat(width + 6);
  const room = Math.min(columns, LINE_WIDTH) - indent.length;
  const name = ids.length === 1 ? result.id : `${ids.length} checks`;
  const below = (text: string) => wrap(text, columns - indent.length);
  const [first = "", ...others] = headline(result, below);
  const lines = [`  ${MARKS[result.status]} ${name.padEnd(width)}  ${first}`, ...others.map((line) => indent + line)];
  if (result.status === "pass") return lines;
  if (result.status === "skip") return lines.map(colors.dim);
  return [
    ...lines,
    ...(ids.length === 1 ? [] : wrap(ids.join(", "), room).map((part) => colors.dim(indent + part))),
    ...(result.evidence === undefined
      ? []
      : below(`expected ${oneLine(result.evidence.expected)}`).map((line) => indent + line)),
    ...wrap(oneLine(result.remedy), room - 2).map((part, index) => {
      return `${indent}${index === 0 ? colors.cyan("→") : " "} ${part}`;
    }),
  ];
}

function headline(result: CheckResult, below: (text: string) => string[]): string[] {
  if (result.status === "unknown" || result.status === "skip") return below(oneLine(result.reason));
  const source = `[${oneLine(result.evidence.source)}]`;
  const lines = below(`${oneLine(result.evidence.actual)} ${source}`);
  return lines.map((line) => (line.endsWith(source) ? line.slice(0, -source.length) + colors.dim(source) : line));
}
