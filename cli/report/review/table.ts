import type { Review } from "../../../pipeline/review/review.ts";
import { colors } from "../../../runtime/colors.ts";
import { harmless, oneLine } from "../../../runtime/text.ts";
import { indented, lineWidth } from "../wrap.ts";
import { headline, headOf, type Item, nextStep, notesOf, rowsOf, sectionsOf, summaryOf } from "./view.ts";

const VERDICT_COLORS = {
  "no changes": colors.green,
  changes: colors.yellow,
  "needs acknowledgement": colors.red,
  failed: colors.red,
} as const;

/** The first line, in the verdict's colour. */
export function formatHeadline(review: Review, width = lineWidth()): string {
  const lines = indented(oneLine(headline(review)), { rest: 2, width });
  return lines.map((line) => colors.bold(VERDICT_COLORS[review.verdict](line))).join("\n");
}

/** Where it would be applied to, and of what it was made. */
export function formatHead(review: Review, width = lineWidth()): string[] {
  return headOf(review).flatMap(({ what, text, url }) => {
    const line = `${what.padEnd(11)} ${oneLine(text)}${url === undefined ? "" : `  ${oneLine(url)}`}`;
    return indented(line, { indent: 2, rest: 14, width }).map((part) => colors.dim(part));
  });
}

/** For a terminal. */
export function formatTable(
  reviews: readonly Review[],
  now = new Date(),
  env = process.env,
  width = lineWidth(),
): string {
  const overview = reviews.length < 2 ? [] : [...reviews.map((review) => formatHeadline(review, width)), ""];
  // A text that is wrapped may begin a line with what was in the middle of one.
  return harmless([...overview, ...reviews.map((review) => block(review, now, env, width))].join("\n"));
}

/** What is about to be applied: where, and what it does, a line each. */
export function formatBrief(review: Review, width = lineWidth()): string {
  const says = sectionsOf(review).flatMap(([title, items]) =>
    items.flatMap(({ consequence }) => indented(oneLine(`${title}: ${consequence}`), { indent: 2, rest: 4, width })),
  );
  return harmless([formatHeadline(review, width), ...formatHead(review, width), ...says, "", ""].join("\n"));
}

function block(review: Review, now: Date, env: NodeJS.ProcessEnv, width: number): string {
  const [next, summary] = [nextStep(review, env), summaryOf(review)];
  const text = (line: string, indent: number) => indented(oneLine(line), { indent, rest: indent + 2, width });
  return [
    formatHeadline(review, width),
    ...formatHead(review, width),
    // What is typed stands in one line, to be copied.
    ...(next === undefined ? [] : [...text(next.says, 2), ...(next.types ? [`    ${oneLine(next.types)}`] : [])]),
    ...review.errors.flatMap((error) => [
      "",
      ...error.split("\n").flatMap((line) => text(line, 2).map((part) => colors.red(part))),
    ]),
    ...table(review, width),
    ...sectionsOf(review).flatMap(([title, items]) => [
      "",
      `  ${colors.bold(title)}`,
      ...items.flatMap((item) => lines(item, width)),
    ]),
    ...notesOf(review, now).flatMap(([title, notes]) => [
      "",
      `  ${colors.bold(title)}`,
      ...notes.flatMap((note) => text(note, 4)),
    ]),
    ...(summary === undefined ? [] : ["", ...text(summary, 2).map((line) => colors.dim(line))]),
    "",
  ].join("\n");
}

/** Before and after, under the resource's address. */
function table(review: Review, width: number): string[] {
  const rows = rowsOf(review);
  const widest = Math.min(30, Math.max(0, ...rows.map(({ attribute }) => attribute.length)));
  return rows.flatMap(({ address, attribute, before, after }, index) => {
    const isFirst = rows[index - 1]?.address !== address || attribute === "";
    const change = oneLine(`${before} → ${after}`);
    const title = attribute === "" ? `${address}: ${after}` : address;
    const line = `${oneLine(attribute).padEnd(widest)}  ${change}`;
    return [
      ...(isFirst ? ["", ...indented(oneLine(title), { indent: 2, rest: 4, width }).map(colors.bold)] : []),
      ...(attribute === "" ? [] : indented(line, { indent: 4, rest: widest + 6, width })),
    ];
  });
}

function lines({ consequence, causes, places }: Item, width: number): string[] {
  const names = places.map(({ path, address }) => [...(path === undefined ? [] : [path]), address].join("  "));
  const below = (text: string) => indented(oneLine(text), { indent: 6, rest: 8, width });
  return [
    ...indented(oneLine(consequence), { indent: 4, rest: 6, width }),
    ...causes.flatMap(({ attribute, before, after }) => {
      return below(`${attribute}: ${before ?? "nothing"} → ${after ?? "nothing"}`);
    }),
    ...below(names.join(", ")).map((line) => colors.dim(line)),
  ];
}
