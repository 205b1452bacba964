import type { Secrets } from "../../runtime/secrets.ts";
import { visibleName, visibleText } from "../../runtime/text.ts";
import { type AttributeChange, HIDDEN } from "./plan/attribute-change.ts";
import type { Review } from "./review.ts";
import type { Consequence, Kind } from "./rules/consequence.ts";

/** What is written by hand and must be read letter by letter. */
const CODE: readonly Kind[] = ["code", "weaker", "not-analysed"];

/**
 * A review as it may be shown to anybody: without the plan's own secrets, also where a value of theirs stands without its
 * mark; and with everything visible that looks like something else, or like nothing.
 *
 * @param short Secrets that are too short to be looked for inside other texts.
 */
export function shownReview(review: Review, secrets: Secrets, short: ReadonlySet<string>): Review {
  const value = (text: string, show: (text: string) => string) => (short.has(text) ? HIDDEN : show(secrets.mask(text)));
  const attribute = (change: AttributeChange, show: (text: string) => string): AttributeChange => ({
    attribute: name(change.attribute),
    ...(change.before === undefined ? {} : { before: value(change.before, show) }),
    ...(change.after === undefined ? {} : { after: value(change.after, show) }),
  });
  const name = (text: string) => visibleName(secrets.mask(text));
  const consequence = (one: Consequence): Consequence => ({
    ...one,
    address: name(one.address),
    consequence: visibleText(secrets.mask(one.consequence)),
    causes: one.causes.map((cause) => attribute(cause, CODE.includes(one.kind) ? visibleName : visibleText)),
  });
  return {
    ...review,
    findings: review.findings.map(consequence),
    drift: review.drift.map(consequence),
    changes: review.changes.map((change) => ({
      ...change,
      address: name(change.address),
      attributes: change.attributes.map((one) => attribute(one, visibleText)),
    })),
    quiet: { ...review.quiet, resources: review.quiet.resources.map(name) },
  };
}
