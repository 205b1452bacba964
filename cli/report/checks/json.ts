import { EXIT_CODES, type Verdict, verdictOf } from "../../../checks/verdict.ts";
import type { VerificationReport } from "../../../checks/verification.ts";

/** For machines. Described, with what may change in it, by `report.schema.json`. */
export interface JsonReport {
  readonly schemaVersion: 1;
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly environments: readonly VerificationReport[];
}

export function renderJson(reports: readonly VerificationReport[]): string {
  const verdict = verdictOf(reports);
  const report: JsonReport = { schemaVersion: 1, verdict, exitCode: EXIT_CODES[verdict], environments: reports };
  return `${JSON.stringify(report, null, 2)}\n`;
}
