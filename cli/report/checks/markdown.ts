import { type CheckResult, type Status, subjectOf, type VerificationReport } from "../../../checks/report.ts";
import { summarize, verdictText } from "../../../checks/verdict.ts";
import { markdownCode, markdownText } from "../../../runtime/text.ts";
import { alike } from "./alike.ts";

const MARKS: Readonly<Record<Status, string>> = { pass: "✅", warn: "⚠️", fail: "❌", unknown: "❔", skip: "➖" };

/** Markdown for a pull request or a job summary: what needs attention first, the rest folded away. */
export function formatMarkdown(reports: readonly VerificationReport[]): string {
  const heading = `## Redis verification: ${verdictText(reports)}\n\n${summarize(reports)}\n`;
  return [heading, ...reports.map(section)].join("\n");
}

function section(report: VerificationReport): string {
  const { instance, service, vantage, passedOver, results } = report;
  const where = service
    ? ` – ${markdownText(service.name)}, ${markdownCode(service.id)}`
    : instance
      ? ` – ${markdownCode(instance.id)}, ${markdownText(`${instance.plan}, ${instance.region}`)}`
      : "";
  const from = vantage === undefined ? "" : `, seen from ${vantage}`;
  const attention = results.filter(({ status }) => status !== "pass" && status !== "skip");
  const rest = results.filter(({ status }) => status === "pass" || status === "skip");
  return [
    `### ${markdownText(subjectOf(report))}${where}${from}\n`,
    ...passedOver.map((other) => `Not ${other.vantage}: ${markdownText(other.reason)}.\n`),
    ...(attention.length === 0 ? [] : [table(attention)]),
    ...(rest.length === 0 ? [] : [`<details><summary>${summaryOf(rest)}</summary>\n\n${table(rest)}\n</details>\n`]),
  ].join("\n");
}

function summaryOf(results: readonly CheckResult[]): string {
  const skipped = results.filter(({ status }) => status === "skip").length;
  return `${results.length - skipped} passed${skipped === 0 ? "" : `, ${skipped} not applicable`}`;
}

function table(results: readonly CheckResult[]): string {
  const rows = alike(results).map(
    ({ result, ids }) =>
      `| ${MARKS[result.status]} | ${ids.join(", ")} | ${columns(result).map(markdownText).join(" | ")} |`,
  );
  return ["| | check | expected | actual | what to do |", "|-|-|-|-|-|", ...rows, ""].join("\n");
}

function columns(result: CheckResult): [expected: string, actual: string, remedy: string] {
  if (result.status === "skip") return ["", result.reason, ""];
  if (result.status === "unknown") return [result.evidence?.expected ?? "", result.reason, result.remedy];
  return [result.evidence.expected, result.evidence.actual, result.status === "pass" ? "" : result.remedy];
}
