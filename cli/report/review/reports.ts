import type { Review } from "../../../pipeline/review/review.ts";
import { PLAN_EXIT_CODES, type Verdict, worstVerdict } from "../../../pipeline/review/verdict.ts";
import { jsonText } from "../../../runtime/text.ts";
import { formatGithub } from "./github.ts";
import { formatMarkdown } from "./markdown.ts";
import { formatSarif } from "./sarif.ts";
import { formatTable } from "./table.ts";

/** How reviews can be reported. */
export const REVIEW_FORMATS = {
  table: (reviews: readonly Review[]) => formatTable(reviews),
  markdown: (reviews: readonly Review[]) => formatMarkdown(reviews),
  json: formatJson,
  github: formatGithub,
  sarif: (reviews: readonly Review[]) => formatSarif(reviews),
} as const;

export type ReviewFormat = keyof typeof REVIEW_FORMATS;

/** The JSON report, version 1. */
interface JsonReport {
  readonly schemaVersion: 1;
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly reviews: readonly Review[];
}

/** For machines. */
export function formatJson(reviews: readonly Review[]): string {
  const verdict = worstVerdict(reviews);
  const report: JsonReport = {
    schemaVersion: 1,
    verdict,
    exitCode: PLAN_EXIT_CODES[verdict],
    reviews,
  };
  return jsonText(report);
}
