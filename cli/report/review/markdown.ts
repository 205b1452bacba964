import type { AttributeChange } from "../../../pipeline/review/plan/attribute-change.ts";
import { acknowledgementsOf, type Review } from "../../../pipeline/review/review.ts";
import {
  markdownBlock,
  markdownCode,
  markdownComment,
  markdownLink,
  markdownText,
  oneLine,
} from "../../../runtime/text.ts";
import {
  headline,
  headOf,
  type Item,
  type NextStep,
  nextStep,
  notesOf,
  reasonsOf,
  rowsOf,
  sectionsOf,
  summaryOf,
  verdictText,
} from "./view.ts";

/** The first line, by which a workflow finds the comment that it wrote before on these environments. */
export function markerOf(environments: readonly string[]): string {
  return markdownComment(["redis-plan-review", ...environments.toSorted()].join(" "));
}

/** Bytes. GitHub takes comments of up to 65,536 characters. */
const LONGEST = 60_000;
/** Rows of before and after that stand before the consequences. */
const MOST_ROWS = 40;

const MARKS = { "no changes": "🟢", changes: "🟡", "needs acknowledgement": "🔴", failed: "⛔" } as const;

/**
 * Markdown for a pull request: all environments in a table, then each: where and what, what changes, what needs attention
 * first, what Terraform does folded away. Never above 60 kB: each environment has its share of that, and what it waits for
 * is never cut.
 */
export function formatMarkdown(reviews: readonly Review[], now = new Date(), env = process.env): string {
  const head = [markerOf(reviews.map(({ environment }) => environment)), ...overview(reviews)].join("\n");
  const share = Math.floor((LONGEST - Buffer.byteLength(head)) / Math.max(1, reviews.length)) - 1;
  return [head, ...reviews.map((review) => page(review, share, now, env))].join("\n");
}

function overview(reviews: readonly Review[]): string[] {
  if (reviews.length < 2) return [];
  const rows = reviews.map((review) => {
    const what = [verdictText(review), reasonsOf(review).join(", "), summaryOf(review) ?? ""].map(markdownText);
    return `| ${MARKS[review.verdict]} ${markdownText(review.environment)} | ${what.join(" | ")} |`;
  });
  return ["", "| environment | verdict | what | Terraform |", "|-|-|-|-|", ...rows, ""];
}

function page(review: Review, share: number, now: Date, env: NodeJS.ProcessEnv): string {
  const next = nextStep(review, env);
  const known = headOf(review).map(({ what, text, url }) => {
    return `- ${what} ${what === "fingerprint" ? text.replace(/^\w+/, "`$&`") : markdownLink(text, url)}`;
  });
  const head = [
    `## ${MARKS[review.verdict]} ${markdownText(headline(review))}`,
    ...(known.length === 0 ? [] : ["", ...known]),
    ...(next === undefined ? [] : ["", ...stepLines(review, next, share / 2)]),
  ].join("\n");
  const rest = [
    ...review.errors.flatMap((error) => ["", ...markdownBlock(error)]),
    ...table(review),
    ...sectionsOf(review).flatMap(([title, items]) => ["", `### ${title}`, ...items.flatMap(item)]),
    ...notesOf(review, now).flatMap(([title, notes]) => [
      "",
      `### ${title}`,
      "",
      ...notes.map((note) => `- ${markdownText(note)}`),
    ]),
    "",
    ...details(review),
    "",
  ].join("\n");
  return `${head}\n${shorten(rest, share - Buffer.byteLength(head) - 1)}`;
}

/** What comes next, with all acknowledgements, unless there are more than a comment holds. */
function stepLines(review: Review, { says, types }: NextStep, room: number): string[] {
  if (types === undefined) return [markdownText(says)];
  if (Buffer.byteLength(types) > room) {
    return [
      `${acknowledgementsOf(review).length} acknowledgements are needed, more than fit here. The JSON report names them.`,
    ];
  }
  return [markdownText(says), "", ...markdownBlock(oneLine(types))];
}

function table(review: Review): string[] {
  const rows = rowsOf(review);
  if (rows.length === 0) return [];
  const cells = rows.slice(0, MOST_ROWS).map(({ address, attribute, before, after }) => {
    const what = attribute === "" ? markdownCode(address) : `${markdownCode(address)} ${markdownCode(attribute)}`;
    return `| ${[what, markdownText(before), markdownText(after)].map(inCell).join(" | ")} |`;
  });
  const more = rows.length - cells.length;
  return [
    "",
    "| what | before | after |",
    "|-|-|-|",
    ...cells,
    ...(more > 0 ? ["", `${more} more stand at the end.`] : []),
  ];
}

/** In a code span a bar is escaped for the table alone. */
function inCell(text: string): string {
  return text.replaceAll(/(?<!\\)\|/g, "\\|");
}

function item({ consequence, causes, places }: Item): string[] {
  const named = places.map(({ path, address }) => {
    return [...(path === undefined ? [] : [path]), address].map(markdownCode).join(" · ");
  });
  return [
    "",
    `- **${markdownText(consequence)}**`,
    `  ${named.join(", ")}`,
    ...causes.map((one) => `  - ${transition(one)}`),
  ];
}

function transition({ attribute, before, after }: AttributeChange): string {
  return `${markdownCode(attribute)}: ${before === undefined ? "nothing" : markdownCode(before)} → ${after === undefined ? "nothing" : markdownCode(after)}`;
}

function details(review: Review): string[] {
  const counted = summaryOf(review);
  if (counted === undefined) return [];
  const summary = `What Terraform does: ${counted}`;
  if (review.changes.length === 0) return [markdownText(`${summary}.`)];
  const rows = review.changes.flatMap(({ address, deposed, action, attributes }) => [
    `- ${markdownCode(address)} ${action}${deposed ? ", left behind by an earlier apply" : ""}`,
    ...attributes.map((attribute) => `  - ${transition(attribute)}`),
  ]);
  return [`<details><summary>${markdownText(summary)}</summary>`, "", ...rows, "", "</details>"];
}

/** Cuts at a line, and says so. What is worst stands first, so what is cut is what Terraform does line by line. */
function shorten(text: string, longest: number): string {
  if (Buffer.byteLength(text) <= longest) return text;
  const note =
    "\n\n</details>\n\nThe rest is cut: the review is longer than a comment may be. The JSON report has all of it.\n";
  let room = longest - Buffer.byteLength(note);
  const kept: string[] = [];
  for (const line of text.split("\n")) {
    room -= Buffer.byteLength(line) + 1;
    if (room < 0) break;
    kept.push(line);
  }
  const open =
    kept.filter((line) => line.startsWith("<details>")).length > kept.filter((line) => line === "</details>").length;
  return `${kept.join("\n")}${open ? note : note.replace("\n\n</details>", "")}`;
}
