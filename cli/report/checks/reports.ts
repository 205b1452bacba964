import type { JsonReport, VerificationReport } from "../../../checks/report.ts";
import { exitCodeOf, verdictOf } from "../../../checks/verdict.ts";

/** For machines: see `jsonReportSchema`. */
export function renderJson(environments: readonly VerificationReport[]): string {
  const report: JsonReport = {
    schemaVersion: 1,
    verdict: verdictOf(environments),
    exitCode: exitCodeOf(environments),
    environments: [...environments],
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
