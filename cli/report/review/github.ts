import type { Review } from "../../../pipeline/review/review.ts";
import { type Consequence, KIND_TITLES, type Kind } from "../../../pipeline/review/rules/consequence.ts";
import { githubCommand } from "../../../runtime/text.ts";

/** Kinds that are worth a mark beside the run, as is whatever waits; the others stand in the review. */
const MARKED: readonly Kind[] = ["data-loss", "refused", "duplicate", "restart", "behaviour", "redeploy", "exposure"];

/**
 * What GitHub Actions shows beside the run: an error for what waits for an acknowledgement, a warning for what else an
 * operator would feel.
 */
export function formatGithub(reviews: readonly Review[]): string {
  return reviews.flatMap(annotations).join("");
}

function annotations({ environment, errors, findings, drift }: Review): string[] {
  const annotate = (level: "error" | "warning", title: string, text: string) =>
    githubCommand(level, { file: `environments/${environment}.ts`, title: `${environment}: ${title}` }, text);
  return [
    ...errors.map((error) => annotate("error", "Cannot be planned", error)),
    ...findings
      .filter(({ kind, acknowledge }) => acknowledge || MARKED.includes(kind))
      .map((one) => annotate(one.acknowledge ? "error" : "warning", KIND_TITLES[one.kind], textOf(one))),
    ...drift.map((one) => annotate("warning", "Changed outside Terraform", textOf(one))),
  ];
}

function textOf({ consequence, causes, address }: Consequence): string {
  const lines = causes.map(
    ({ attribute, before, after }) => `${attribute}: ${before ?? "nothing"} → ${after ?? "nothing"}`,
  );
  return [consequence, ...lines, address].join("\n");
}
