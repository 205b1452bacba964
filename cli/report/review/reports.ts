import { fingerprintOf } from "../../../pipeline/review/fingerprint.ts";
import type { Review } from "../../../pipeline/review/review.ts";
import { PLAN_EXIT_CODES, worstVerdict } from "../../../pipeline/review/verdict.ts";

/** For machines. */
export interface JsonReport {
  readonly schemaVersion: 1;
  readonly verdict: Review["verdict"];
  readonly exitCode: number;
  readonly reviews: readonly (Review & { readonly fingerprint: string })[];
}

export function renderJson(reviews: readonly Review[]): string {
  const verdict = worstVerdict(reviews);
  const report: JsonReport = {
    schemaVersion: 1,
    verdict,
    exitCode: PLAN_EXIT_CODES[verdict],
    reviews: reviews.map((review) => ({ fingerprint: fingerprintOf(review), ...review })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
