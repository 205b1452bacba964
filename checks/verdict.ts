import { EXIT_CODES, type Outcome } from "../runtime/errors.ts";
import type { Status, Verdict, VerificationReport } from "./report.ts";

/** What a run of the checks comes to; the process exits with it. */
const OUTCOMES: Readonly<Record<Verdict, Outcome>> = {
  good: "good",
  failed: "failed",
  misconfigured: "misused",
  "not established": "unknown",
};

/** One verdict for any number of environments: the worst. A proven failure outweighs what is not known. */
export function verdictOf(reports: readonly VerificationReport[]): Verdict {
  if (reports.some((report) => has(report, "fail"))) return "failed";
  if (reports.some((report) => report.misconfigured)) return "misconfigured";
  if (reports.some((report) => !report.acceptUnknown && has(report, "unknown"))) return "not established";
  if (reports.some((report) => report.strict && has(report, "warn"))) return "not established";
  return "good";
}

/** The same as people read it: a warning is not good. */
export function verdictText(reports: readonly VerificationReport[]): Verdict | "warned" {
  const verdict = verdictOf(reports.map(({ strict: _, ...report }) => report));
  return verdict === "good" && reports.some((report) => has(report, "warn")) ? "warned" : verdict;
}

export function outcomeOf(reports: readonly VerificationReport[]): Outcome {
  return OUTCOMES[verdictOf(reports)];
}

export function exitCodeOf(reports: readonly VerificationReport[]): number {
  return EXIT_CODES[outcomeOf(reports)];
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
