import picocolors from "picocolors";
import type { CheckResult, Status, VerificationReport } from "../../../checks/report.ts";
import { summarize, verdictOf } from "../../../checks/verdict.ts";
import { type Alike, alike } from "./alike.ts";

// picocolors also colours in CI logs and when FORCE_COLOR is set; a pipe, as Terraform's log is one, gets plain text.
const pc = picocolors.createColors(process.stdout.isTTY === true && picocolors.isColorSupported);

const MARKS: Readonly<Record<Status, string>> = {
  pass: pc.green("✔"),
  warn: pc.yellow("▲"),
  fail: pc.red("✘"),
  unknown: pc.magenta("?"),
  skip: pc.dim("–"),
};

const LINE_WIDTH = 100;

/** For people: a line for each check, and below one that did not pass what was expected and what to do. */
export function formatTable(reports: readonly VerificationReport[]): string {
  const verdict = verdictOf(reports);
  const colour = verdict === "good" ? pc.green : verdict === "failed" ? pc.red : pc.magenta;
  return [...reports.map(section), colour(`${verdict}: ${summarize(reports)}`), ""].join("\n");
}

function section(report: VerificationReport): string {
  const { environment, instance, vantage, passedOver, results } = report;
  const from = vantage === undefined || vantage === "api-only" ? "" : `, seen from ${vantage}`;
  const heading =
    instance === undefined ? "" : ` ${instance.name} (${instance.id}, ${instance.plan}, ${instance.region})`;
  const width = Math.max(...results.map(({ id }) => id.length));
  return [
    `${pc.bold(environment)}${heading}${from} ${pc.dim(`${(report.durationMs / 1000).toFixed(1)} s`)}`,
    ...passedOver.map(({ vantage: other, reason }) => pc.dim(`  not ${other}: ${reason}`)),
    ...alike(results).flatMap((group) => linesOf(group, width)),
    "",
  ].join("\n");
}

function linesOf({ result, ids }: Alike, width: number): string[] {
  const indent = " ".repeat(width + 6);
  const name = ids.length === 1 ? result.id : `${ids.length} checks`;
  const line = `  ${MARKS[result.status]} ${name.padEnd(width)}  ${headline(result)}`;
  if (result.status === "pass") return [line];
  if (result.status === "skip") return [pc.dim(line)];
  return [
    line,
    ...(ids.length === 1 ? [] : wrap(ids.join(", "), LINE_WIDTH - indent.length).map((part) => pc.dim(indent + part))),
    ...(result.evidence === undefined ? [] : [`${indent}expected ${result.evidence.expected}`]),
    ...wrap(result.remedy, LINE_WIDTH - indent.length - 2).map((part, index) => {
      return `${indent}${index === 0 ? pc.cyan("→") : " "} ${part}`;
    }),
  ];
}

function wrap(text: string, width: number): string[] {
  return (text.match(new RegExp(`.{1,${width}}(?: |$)|\\S+`, "g")) ?? [text]).map((part) => part.trimEnd());
}

function headline(result: CheckResult): string {
  if (result.status === "unknown" || result.status === "skip") return result.reason;
  return `${result.evidence.actual} ${pc.dim(`[${result.evidence.source}]`)}`;
}
