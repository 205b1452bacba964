import type { VerificationReport } from "../../../checks/report.ts";
import { type Alike, alike } from "./alike.ts";

/**
 * Workflow commands that GitHub Actions shows beside the run: an error for what failed or is unknown, a warning for the
 * rest that needs a look.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function renderGithubAnnotations(reports: readonly VerificationReport[]): string {
  return reports
    .flatMap(({ environment, results }) => alike(results).flatMap((group) => annotate(environment, group)))
    .join("");
}

function annotate(environment: string, { result, ids }: Alike): string[] {
  if (result.status === "pass" || result.status === "skip") return [];
  const level = result.status === "warn" ? "warning" : "error";
  const what = result.status === "unknown" ? `unknown: ${result.reason}` : describe(result.evidence);
  return [`::${level} title=${property(`${environment}: ${ids.join(", ")}`)}::${data(`${what}\n${result.remedy}`)}\n`];
}

function describe({ expected, actual }: { readonly expected: string; readonly actual: string }): string {
  return `expected ${expected}, got ${actual}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
