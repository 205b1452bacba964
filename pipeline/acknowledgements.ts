import { nearest, Stop } from "../runtime/errors.ts";
import { acknowledgementsOf, type Review } from "./review/review.ts";

/**
 * The acknowledgements that a plan still waits for.
 *
 * @throws Stop for one that the plan does not ask for: a slip of the pen must not look like consent.
 */
export function missingAcknowledgements(review: Pick<Review, "findings">, given: readonly string[]): string[] {
  const needed = acknowledgementsOf(review);
  for (const token of given) {
    // What is weaker than before depends on the commit; a pipeline may repeat what was acknowledged on a branch.
    if (needed.includes(token) || token.startsWith("weaker:")) continue;
    const like = nearest(token, needed);
    const allowed = needed.length === 0 ? "This plan needs none" : `This plan needs ${needed.join(", ")}`;
    throw new Stop(
      "misused",
      `--ack ${JSON.stringify(token)} acknowledges nothing in this plan. ${allowed}.${like === undefined ? "" : ` Did you mean "${like}"?`}`,
    );
  }
  return needed.filter((token) => !given.includes(token));
}
