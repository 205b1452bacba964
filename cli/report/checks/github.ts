import { subjectOf, type VerificationReport } from "../../../checks/report.ts";
import { githubCommand } from "../../../runtime/text.ts";
import { type Alike, alike } from "./alike.ts";

/** What GitHub Actions shows beside the run: an error for what failed or is unknown, a warning for what needs a look. */
export function formatGithub(reports: readonly VerificationReport[]): string {
  return reports
    .flatMap((report) => alike(report.results).flatMap((group) => annotate(subjectOf(report), group)))
    .join("");
}

function annotate(subject: string, { result, ids }: Alike): string[] {
  if (result.status === "pass" || result.status === "skip") return [];
  const what =
    result.status === "unknown"
      ? `unknown: ${result.reason}`
      : `expected ${result.evidence.expected}, got ${result.evidence.actual}`;
  const title = `${subject}: ${ids.join(", ")}`;
  return [githubCommand(result.status === "warn" ? "warning" : "error", { title }, `${what}\n${result.remedy}`)];
}
