import type { CheckResult, Status, VerificationReport } from "../../../checks/report.ts";
import { summarize, verdictOf } from "../../../checks/verdict.ts";
import { colors } from "../../../runtime/colors.ts";
import { harmless, oneLine } from "../../../runtime/text.ts";
import { type Alike, alike } from "./alike.ts";

const MARKS: Readonly<Record<Status, string>> = {
  pass: colors.green("✔"),
  warn: colors.yellow("▲"),
  fail: colors.red("✘"),
  unknown: colors.magenta("?"),
  skip: colors.dim("–"),
};

const LINE_WIDTH = 100;

/** For people: a line for each check, and below one that did not pass what was expected and what to do. */
export function formatTable(reports: readonly VerificationReport[]): string {
  const verdict = verdictOf(reports);
  const colour = verdict === "good" ? colors.green : verdict === "failed" ? colors.red : colors.magenta;
  // A text that is wrapped may begin a line with what was in the middle of one.
  return harmless([...reports.map(section), colour(`${verdict}: ${summarize(reports)}`), ""].join("\n"));
}

function section(report: VerificationReport): string {
  const { environment, instance, vantage, passedOver, results } = report;
  const from = vantage === undefined || vantage === "api-only" ? "" : `, seen from ${vantage}`;
  const heading =
    instance === undefined
      ? ""
      : ` ${oneLine(`${instance.name} (${instance.id}, ${instance.plan}, ${instance.region})`)}`;
  const width = Math.max(...results.map(({ id }) => id.length));
  return [
    `${colors.bold(oneLine(environment))}${heading}${from} ${colors.dim(`${(report.durationMs / 1000).toFixed(1)} s`)}`,
    ...passedOver.map(({ vantage: other, reason }) => colors.dim(`  not ${other}: ${oneLine(reason)}`)),
    ...alike(results).flatMap((group) => linesOf(group, width)),
    "",
  ].join("\n");
}

function linesOf({ result, ids }: Alike, width: number): string[] {
  const indent = " ".repeat(width + 6);
  const name = ids.length === 1 ? result.id : `${ids.length} checks`;
  const line = `  ${MARKS[result.status]} ${name.padEnd(width)}  ${headline(result)}`;
  if (result.status === "pass") return [line];
  if (result.status === "skip") return [colors.dim(line)];
  return [
    line,
    ...(ids.length === 1
      ? []
      : wrap(ids.join(", "), LINE_WIDTH - indent.length).map((part) => colors.dim(indent + part))),
    ...(result.evidence === undefined ? [] : [`${indent}expected ${oneLine(result.evidence.expected)}`]),
    ...wrap(oneLine(result.remedy), LINE_WIDTH - indent.length - 2).map((part, index) => {
      return `${indent}${index === 0 ? colors.cyan("→") : " "} ${part}`;
    }),
  ];
}

function wrap(text: string, width: number): string[] {
  return (text.match(new RegExp(`.{1,${width}}(?: |$)|\\S+`, "g")) ?? [text]).map((part) => part.trimEnd());
}

function headline(result: CheckResult): string {
  if (result.status === "unknown" || result.status === "skip") return oneLine(result.reason);
  return `${oneLine(result.evidence.actual)} ${colors.dim(`[${oneLine(result.evidence.source)}]`)}`;
}
