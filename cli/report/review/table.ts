import type { Review } from "../../../pipeline/review/review.ts";
import type { Consequence } from "../../../pipeline/review/rules/consequence.ts";
import { colors } from "../../../runtime/colors.ts";
import { oneLine } from "../../../runtime/text.ts";
import { fingerprintLine, headline, nextStep, notesOf, sectionsOf, summaryOf } from "./view.ts";

/** For a terminal. */
export function formatTable(reviews: readonly Review[], now = new Date()): string {
  return reviews.map((review) => block(review, now)).join("\n");
}

function block(review: Review, now: Date): string {
  const verdictColor = {
    "no changes": colors.green,
    changes: colors.yellow,
    "needs acknowledgement": colors.red,
    failed: colors.red,
  };
  const [next, summary] = [nextStep(review), summaryOf(review)];
  const head = [...(next === undefined ? [] : [next]), ...fingerprintLine(review)];
  return [
    colors.bold(verdictColor[review.verdict](oneLine(headline(review)))),
    ...(review.target === undefined ? [] : [`  ${colors.dim(oneLine(review.target))}`]),
    ...head.map((line) => `  ${oneLine(line)}`),
    ...review.errors.flatMap((error) => ["", ...error.split("\n").map((line) => `  ${colors.red(oneLine(line))}`)]),
    ...sectionsOf(review).flatMap(([title, consequences]) => [
      "",
      `  ${colors.bold(title)}`,
      ...consequences.flatMap(lines),
    ]),
    ...notesOf(review, now).flatMap(([title, notes]) => [
      "",
      `  ${colors.bold(title)}`,
      ...notes.map((note) => `    ${oneLine(note)}`),
    ]),
    ...(summary === undefined ? [] : ["", `  ${colors.dim(oneLine(summary))}`]),
    "",
  ].join("\n");
}

function lines({ consequence, causes, path, address }: Consequence): string[] {
  const transitions = causes.map(
    ({ attribute, before, after }) =>
      `      ${oneLine(attribute)}: ${oneLine(before ?? "nothing")} → ${oneLine(after ?? "nothing")}`,
  );
  const names = [...(path === undefined ? [] : [path]), address].join("  ");
  return [`    ${oneLine(consequence)}`, ...transitions, `      ${colors.dim(oneLine(names))}`];
}
