import pc from "picocolors";
import { fingerprintOf } from "../../../pipeline/review/fingerprint.ts";
import { countActions, countQuiet, headline } from "../../../pipeline/review/headline.ts";
import { acknowledgementsOf, type Review } from "../../../pipeline/review/review.ts";
import { type Consequence, KIND_TITLES, KINDS } from "../../../pipeline/review/rules/consequence.ts";
import { oneLine } from "./one-line.ts";

/** For a terminal; colours only on one. */
export function renderTable(reviews: readonly Review[]): string {
  const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);
  return reviews.map((review) => renderReview(review, colors)).join("\n");
}

function renderReview(review: Review, colors: ReturnType<typeof pc.createColors>): string {
  const verdictColor = {
    "no changes": colors.green,
    changes: colors.yellow,
    "needs acknowledgement": colors.red,
    failed: colors.red,
  };
  const section = (title: string, findings: readonly Consequence[]) =>
    findings.length === 0
      ? []
      : ["", `  ${colors.bold(title)}`, ...findings.flatMap((finding) => lines(finding, colors))];
  const quiet = countQuiet(review);
  const next = nextStep(review);
  return [
    colors.bold(verdictColor[review.verdict](oneLine(headline(review)))),
    ...review.errors.flatMap((error) => ["", ...error.split("\n").map((line) => `  ${colors.red(oneLine(line))}`)]),
    ...KINDS.flatMap((kind) =>
      section(
        KIND_TITLES[kind],
        review.findings.filter((finding) => finding.kind === kind),
      ),
    ),
    ...section("Changed outside Terraform", review.drift),
    ...policyLines(review.policy).flatMap((line, index) => [
      ...(index === 0 ? ["", `  ${colors.bold("Policy")}`] : []),
      `    ${oneLine(line)}`,
    ]),
    "",
    `  ${colors.dim(`${countActions(review)}${quiet === undefined ? "" : `; ${quiet}`}`)}`,
    `  ${colors.dim(`fingerprint ${fingerprintOf(review)}`)}`,
    ...(next === undefined ? [] : [`  ${next}`]),
    "",
  ].join("\n");
}

function lines(finding: Consequence, colors: ReturnType<typeof pc.createColors>): string[] {
  const causes = finding.causes.map(
    ({ attribute, before, after }) =>
      `      ${oneLine(attribute)}: ${oneLine(before ?? "nothing")} → ${oneLine(after ?? "nothing")}`,
  );
  const names = [...(finding.path === undefined ? [] : [finding.path]), finding.address].join("  ");
  return [`    ${oneLine(finding.consequence)}`, ...causes, `      ${colors.dim(oneLine(names))}`];
}

/** What the policy warns of, and what is excepted from it, counted and with the reasons. */
export function policyLines({ warnings, exceptions }: Review["policy"]): string[] {
  return [
    ...warnings.map(({ rule, message }) => `warning ${rule}: ${message}`),
    ...exceptions.map(
      ({ rule, reason }, index) => `exception ${index + 1} of ${exceptions.length}, ${rule}: ${reason}`,
    ),
  ];
}

/** The command that comes next; nothing when there is nothing to apply. */
export function nextStep(review: Review): string | undefined {
  if (review.mode === "refresh-only" || review.verdict === "failed" || review.verdict === "no changes")
    return undefined;
  const acks = acknowledgementsOf(review).map((token) => ` --ack ${/^[\w:.-]+$/.test(token) ? token : `'${token}'`}`);
  return `Apply it with: npm run apply -- ${review.environment}${acks.join("")}`;
}
