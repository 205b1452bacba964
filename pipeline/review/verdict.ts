import { EXIT_CODES } from "../../runtime/errors.ts";

/** What a review comes to, the worst first. */
export const VERDICTS = ["failed", "needs acknowledgement", "changes", "no changes"] as const;

export type Verdict = (typeof VERDICTS)[number];

/** How `plan` ends. As Terraform's -detailed-exitcode, and 3. */
export const PLAN_EXIT_CODES = {
  "no changes": EXIT_CODES.good,
  failed: EXIT_CODES.failed,
  changes: 2,
  "needs acknowledgement": EXIT_CODES.unknown,
} as const satisfies Readonly<Record<Verdict, number>>;

/** One verdict for any number of environments: the worst. */
export function worstVerdict(reviews: readonly { readonly verdict: Verdict }[]): Verdict {
  return VERDICTS.find((verdict) => reviews.some((review) => review.verdict === verdict)) ?? "no changes";
}
