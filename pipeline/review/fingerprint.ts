import { createHash } from "node:crypto";
import type { Review } from "./review.ts";

/**
 * Ties an approval to what was approved: SHA-256, in hex, over the review in canonical JSON. Planning the same change
 * twice gives the same fingerprint; a change of anything that the review shows, or of the Terraform, gives another.
 */
export function fingerprintOf(review: Review): string {
  return createHash("sha256").update(canonicalJson(review)).digest("hex");
}

/** JSON with sorted keys and no space, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}
