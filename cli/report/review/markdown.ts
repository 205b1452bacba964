import type { AttributeChange } from "../../../pipeline/review/plan/attribute-change.ts";
import { acknowledgementsOf, type Review } from "../../../pipeline/review/review.ts";
import type { Consequence } from "../../../pipeline/review/rules/consequence.ts";
import { markdownBlock, markdownCode, markdownText, oneLine } from "../../../runtime/text.ts";
import { fingerprintLine, headline, nextStep, notesOf, sectionsOf, summaryOf } from "./view.ts";

/** The first line, by which a workflow finds the comment that it wrote before. */
export const MARKER = "<!-- redis-plan-review -->";

/** Bytes. GitHub takes comments of up to 65,536 characters. */
const LONGEST = 60_000;

const MARKS = { "no changes": "🟢", changes: "🟡", "needs acknowledgement": "🔴", failed: "⛔" } as const;

/**
 * Markdown for a pull request: what needs attention first, what Terraform does folded away. Never above 60 kB: each
 * environment has its share of that, and what it waits for is never cut.
 */
export function formatMarkdown(reviews: readonly Review[], now = new Date()): string {
  const share = Math.floor((LONGEST - MARKER.length) / Math.max(1, reviews.length)) - 1;
  return [MARKER, ...reviews.map((review) => page(review, share, now))].join("\n");
}

function page(review: Review, share: number, now: Date): string {
  const next = nextStep(review);
  const head = [
    `## ${MARKS[review.verdict]} ${markdownText(headline(review))}`,
    ...(review.target === undefined ? [] : ["", markdownText(review.target)]),
    ...(next === undefined ? [] : command(review, next, share / 2)),
    ...fingerprintLine(review).flatMap((line) => ["", line.replace(/^fingerprint (\w+)/, "Fingerprint `$1`")]),
  ].join("\n");
  const rest = [
    ...review.errors.flatMap((error) => ["", ...markdownBlock(error)]),
    ...sectionsOf(review).flatMap(([title, consequences]) => ["", `### ${title}`, ...consequences.flatMap(item)]),
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

/** The next command, with all acknowledgements, unless there are more than a comment holds. */
function command(review: Review, next: string, room: number): string[] {
  if (Buffer.byteLength(next) > room) {
    return [
      "",
      `${acknowledgementsOf(review).length} acknowledgements are needed, more than fit here. The JSON report names them.`,
    ];
  }
  return ["", "```sh", `# ${oneLine(next).replace(/: .*/, "")}:`, oneLine(next).replace(/^.*?: /, ""), "```"];
}

function item({ consequence, causes, path, address }: Consequence): string[] {
  const names = [...(path === undefined ? [] : [path]), address].map(markdownCode).join(" · ");
  return ["", `- **${markdownText(consequence)}**`, `  ${names}`, ...causes.map((cause) => `  - ${transition(cause)}`)];
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
