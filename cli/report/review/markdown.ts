import { fingerprintOf } from "../../../pipeline/review/fingerprint.ts";
import { countActions, countQuiet, headline } from "../../../pipeline/review/headline.ts";
import type { AttributeChange } from "../../../pipeline/review/plan/attribute-change.ts";
import type { Review } from "../../../pipeline/review/review.ts";
import { type Consequence, KIND_TITLES, KINDS } from "../../../pipeline/review/rules/consequence.ts";
import { oneLine } from "./one-line.ts";
import { nextStep, policyLines } from "./table.ts";

/** The first line, by which a workflow finds the comment that it wrote before. */
export const MARKER = "<!-- redis-plan-review -->";

/** Bytes. GitHub takes comments of up to 65,536 characters. */
const LONGEST = 60_000;

const MARKS = { "no changes": "🟢", changes: "🟡", "needs acknowledgement": "🔴", failed: "⛔" } as const;

/** Markdown for a pull request: what needs attention first, what Terraform does folded away. Never above 60 kB. */
export function renderMarkdown(reviews: readonly Review[]): string {
  return shorten([MARKER, ...reviews.map(renderReview)].join("\n"));
}

function renderReview(review: Review): string {
  const next = nextStep(review);
  const section = (title: string, findings: readonly Consequence[]) =>
    findings.length === 0 ? [] : ["", `### ${title}`, ...findings.flatMap(item)];
  return [
    `## ${MARKS[review.verdict]} ${plain(headline(review))}`,
    ...review.errors.flatMap((error) => ["", ...fenced(error)]),
    ...KINDS.flatMap((kind) =>
      section(
        KIND_TITLES[kind],
        review.findings.filter((finding) => finding.kind === kind),
      ),
    ),
    ...section("Changed outside Terraform", review.drift),
    ...(next === undefined
      ? []
      : ["", "```sh", `# ${oneLine(next).replace(/: .*/, "")}:`, oneLine(next).replace(/^.*?: /, ""), "```"]),
    ...policyLines(review.policy).flatMap((line, index) => [
      ...(index === 0 ? ["", "### Policy", ""] : []),
      `- ${plain(line)}`,
    ]),
    "",
    ...details(review),
    "",
    `Fingerprint \`${fingerprintOf(review)}\``,
    "",
  ].join("\n");
}

function item(finding: Consequence): string[] {
  const names = [...(finding.path === undefined ? [] : [finding.path]), finding.address].map(code).join(" · ");
  const causes = finding.causes.map((cause) => `  - ${transition(cause)}`);
  return ["", `- **${plain(finding.consequence)}**`, `  ${names}`, ...causes];
}

function transition({ attribute, before, after }: AttributeChange): string {
  return `${code(attribute)}: ${before === undefined ? "nothing" : code(before)} → ${after === undefined ? "nothing" : code(after)}`;
}

function details(review: Review): string[] {
  const quiet = countQuiet(review);
  const summary = `What Terraform does: ${countActions(review)}${quiet === undefined ? "" : `; ${quiet}`}`;
  if (review.changes.length === 0) return [plain(`${summary}.`)];
  const rows = review.changes.flatMap(({ address, deposed, action, attributes }) => [
    `- ${code(address)} ${action}${deposed ? ", left behind by an earlier apply" : ""}`,
    ...attributes.map((attribute) => `  - ${transition(attribute)}`),
  ]);
  return [`<details><summary>${plain(summary)}</summary>`, "", ...rows, "", "</details>"];
}

/** Text that stays text. */
function plain(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_{}[\]<>|]/g, "\\$&");
}

/** A code span; whatever is in it, it ends where it should. */
function code(text: string): string {
  const line = oneLine(text);
  const fence = "`".repeat(longestRun(line) + 1);
  return fence.length === 1 ? `\`${line}\`` : `${fence} ${line} ${fence}`;
}

function fenced(text: string): string[] {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [fence, ...text.split("\n").map(oneLine), fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
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
