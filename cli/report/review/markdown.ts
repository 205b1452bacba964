import type { AttributeChange } from "../../../pipeline/review/plan/attribute-change.ts";
import type { Review } from "../../../pipeline/review/review.ts";
import type { Consequence } from "../../../pipeline/review/rules/consequence.ts";
import { markdownBlock, markdownCode, markdownText, oneLine } from "../../../runtime/text.ts";
import { fingerprintLine, headline, nextStep, notesOf, sectionsOf, summaryOf } from "./view.ts";

/** The first line, by which a workflow finds the comment that it wrote before. */
export const MARKER = "<!-- redis-plan-review -->";

/** Bytes. GitHub takes comments of up to 65,536 characters. */
const LONGEST = 60_000;

const MARKS = { "no changes": "🟢", changes: "🟡", "needs acknowledgement": "🔴", failed: "⛔" } as const;

/** Markdown for a pull request: what needs attention first, what Terraform does folded away. Never above 60 kB. */
export function formatMarkdown(reviews: readonly Review[]): string {
  return shorten([MARKER, ...reviews.map(page)].join("\n"));
}

function page(review: Review): string {
  const next = nextStep(review);
  return [
    `## ${MARKS[review.verdict]} ${markdownText(headline(review))}`,
    ...(review.target === undefined ? [] : ["", markdownText(review.target)]),
    ...review.errors.flatMap((error) => ["", ...markdownBlock(error)]),
    ...sectionsOf(review).flatMap(([title, consequences]) => ["", `### ${title}`, ...consequences.flatMap(item)]),
    ...(next === undefined
      ? []
      : ["", "```sh", `# ${oneLine(next).replace(/: .*/, "")}:`, oneLine(next).replace(/^.*?: /, ""), "```"]),
    ...notesOf(review).flatMap(([title, notes]) => [
      "",
      `### ${title}`,
      "",
      ...notes.map((note) => `- ${markdownText(note)}`),
    ]),
    "",
    ...details(review),
    ...fingerprintLine(review).flatMap((line) => ["", line.replace(/^fingerprint (\w+)/, "Fingerprint `$1`")]),
    "",
  ].join("\n");
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
function shorten(text: string): string {
  if (Buffer.byteLength(text) <= LONGEST) return text;
  const note =
    "\n\n</details>\n\nThe rest is cut: the review is longer than a comment may be. The JSON report has all of it.\n";
  let room = LONGEST - Buffer.byteLength(note);
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
