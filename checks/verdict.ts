import type { Status } from "./finding.ts";
import type { VerificationReport } from "./verification.ts";

/** What a run of the checks comes to; the process exits with it. */
export const EXIT_CODES = { good: 0, failed: 1, misconfigured: 2, "not established": 3 } as const;

export type Verdict = keyof typeof EXIT_CODES;

/** One verdict for any number of environments: the worst. A proven failure outweighs what is not known. */
export function verdictOf(reports: readonly VerificationReport[]): Verdict {
  if (reports.some((report) => has(report, "fail"))) return "failed";
  if (reports.some((report) => report.misconfigured)) return "misconfigured";
  if (reports.some((report) => !report.acceptUnknown && has(report, "unknown"))) return "not established";
  return "good";
}

/** `17 passed, 1 warned, 2 skipped`. */
export function summarize(reports: readonly VerificationReport[]): string {
  const words = { fail: "failed", unknown: "unknown", warn: "warned", pass: "passed", skip: "skipped" } as const;
  const results = reports.flatMap((report) => report.results);
  const counts = (Object.keys(words) as (keyof typeof words)[]).map((status) => {
    const number = results.filter((result) => result.status === status).length;
    return number === 0 ? [] : [`${number} ${words[status]}`];
  });
  return counts.flat().join(", ");
}

function has(report: VerificationReport, status: Status): boolean {
  return report.results.some((result) => result.status === status);
}
