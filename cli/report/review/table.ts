import type { Review } from "../../../pipeline/review/review.ts";
import type { Consequence } from "../../../pipeline/review/rules/consequence.ts";
import { colors } from "../../../runtime/colors.ts";
import { oneLine } from "../../../runtime/text.ts";
import { fingerprintLine, headline, nextStep, notesOf, sectionsOf, summaryOf } from "./view.ts";

/** For a terminal. */
export function formatTable(reviews: readonly Review[]): string {
  return reviews.map(block).join("\n");
}

function block(review: Review): string {
  const verdictColor = {
    "no changes": colors.green,
    changes: colors.yellow,
    "needs acknowledgement": colors.red,
    failed: colors.red,
  };
  const [next, summary] = [nextStep(review), summaryOf(review)];
  return [
    colors.bold(verdictColor[review.verdict](oneLine(headline(review)))),
    ...(review.target === undefined ? [] : [`  ${colors.dim(oneLine(review.target))}`]),
    ...review.errors.flatMap((error) => ["", ...error.split("\n").map((line) => `  ${colors.red(oneLine(line))}`)]),
    ...sectionsOf(review).flatMap(([title, consequences]) => [
      "",
      `  ${colors.bold(title)}`,
      ...consequences.flatMap(lines),
    ]),
    ...notesOf(review).flatMap(([title, notes]) => [
      "",
      `  ${colors.bold(title)}`,
      ...notes.map((note) => `    ${oneLine(note)}`),
    ]),
    "",
    ...[...(summary === undefined ? [] : [summary]), ...fingerprintLine(review)].map(
      (line) => `  ${colors.dim(oneLine(line))}`,
    ),
    ...(next === undefined ? [] : [`  ${oneLine(next)}`]),
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
