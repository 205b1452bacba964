import type { Review } from "../../../pipeline/review/review.ts";
import { type Consequence, KIND_TITLES, type Kind } from "../../../pipeline/review/rules/consequence.ts";

/** Kinds that are worth a mark beside the run; the others stand in the review. */
const MARKED: readonly Kind[] = ["data-loss", "refused", "duplicate", "restart", "behaviour", "redeploy", "exposure"];

/**
 * Workflow commands that GitHub Actions shows beside the run: an error for what waits for an acknowledgement, a
 * warning for what else an operator would feel.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function renderGithubAnnotations(reviews: readonly Review[]): string {
  return reviews
    .flatMap(({ environment, errors, findings, drift }) => [
      ...errors.map((error) => command("error", environment, "Cannot be planned", error)),
      ...findings.filter(({ kind }) => MARKED.includes(kind)).map((finding) => annotate(environment, finding)),
      ...drift.map((finding) => command("warning", environment, "Changed outside Terraform", textOf(finding))),
    ])
    .join("");
}

function annotate(environment: string, finding: Consequence): string {
  return command(finding.acknowledge ? "error" : "warning", environment, KIND_TITLES[finding.kind], textOf(finding));
}

function textOf({ consequence, causes, address }: Consequence): string {
  const lines = causes.map(
    ({ attribute, before, after }) => `${attribute}: ${before ?? "nothing"} → ${after ?? "nothing"}`,
  );
  return [consequence, ...lines, address].join("\n");
}

function command(level: "error" | "warning", environment: string, title: string, text: string): string {
  return `::${level} file=environments/${property(environment)}.ts,title=${property(`${environment}: ${title}`)}::${data(text)}\n`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
