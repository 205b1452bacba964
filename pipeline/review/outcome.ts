import type { Review } from "./review.ts";

/** How a plan ends: 0 nothing to do, 2 changes, 3 needs acknowledgement, 1 failed. As Terraform's -detailed-exitcode, and 3. */
export const EXIT_CODES = {
  "no changes": 0,
  changes: 2,
  "needs acknowledgement": 3,
  failed: 1,
} as const satisfies Readonly<Record<Review["verdict"], number>>;

const WORST_FIRST = ["failed", "needs acknowledgement", "changes", "no changes"] as const;

/** One verdict for any number of environments: the worst. */
export function worstVerdict(reviews: readonly Pick<Review, "verdict">[]): Review["verdict"] {
  return WORST_FIRST.find((verdict) => reviews.some((review) => review.verdict === verdict)) ?? "no changes";
}
