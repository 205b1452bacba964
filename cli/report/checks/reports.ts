import type { JsonReport, VerificationReport } from "../../../checks/report.ts";
import { exitCodeOf, verdictOf } from "../../../checks/verdict.ts";
import { jsonText } from "../../../runtime/text.ts";
import { formatGithub } from "./github.ts";
import { formatJunit } from "./junit.ts";
import { formatMarkdown } from "./markdown.ts";
import { formatTable } from "./table.ts";

/** How results of checks can be reported. */
export const CHECK_FORMATS = {
  table: (reports: readonly VerificationReport[]) => formatTable(reports),
  json: formatJson,
  junit: formatJunit,
  markdown: formatMarkdown,
  github: formatGithub,
} as const;

export type CheckFormat = keyof typeof CHECK_FORMATS;

/** For machines: see `jsonReportSchema`. */
export function formatJson(environments: readonly VerificationReport[]): string {
  const report: JsonReport = {
    schemaVersion: 1,
    verdict: verdictOf(environments),
    exitCode: exitCodeOf(environments),
    environments: [...environments],
  };
  return jsonText(report);
}
