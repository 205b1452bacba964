import { acknowledgementsOf, type Review } from "../../../pipeline/review/review.ts";
import { type Consequence, KIND_TITLES, KINDS } from "../../../pipeline/review/rules/consequence.ts";
import { difference } from "../../../pipeline/review/rules/cost.ts";
import { PLANS_CHECKED, plansAsOf } from "../../../render/plans.ts";

/** The first line: the verdict and what brings it about, the worst first. */
export function headline(review: Review): string {
  const reasons = reasonsOf(review);
  return `${review.environment}: ${VERDICT_TEXTS[review.mode][review.verdict]}${reasons.length === 0 ? "" : ` – ${reasons.join(", ")}`}`;
}

const VERDICT_TEXTS = {
  change: {
    "no changes": "no changes",
    changes: "changes",
    "needs acknowledgement": "needs acknowledgement",
    failed: "cannot be planned",
  },
  destroy: {
    "no changes": "nothing to destroy",
    changes: "destroys everything",
    "needs acknowledgement": "destroys everything, needs acknowledgement",
    failed: "cannot be planned",
  },
  "refresh-only": {
    "no changes": "no drift",
    changes: "changed outside Terraform",
    "needs acknowledgement": "changed outside Terraform",
    failed: "cannot be compared",
  },
} as const satisfies Readonly<Record<Review["mode"], Readonly<Record<Review["verdict"], string>>>>;

function reasonsOf({ findings, drift, cost, mode }: Review): string[] {
  const shown = mode === "refresh-only" ? drift : findings;
  const kinds = KINDS.filter((kind) => shown.some((one) => one.kind === kind)).flatMap((kind) => {
    if (kind === "checks" || kind === "reach" || kind === "bookkeeping") return [];
    if (kind === "cost") return cost === undefined ? ["cost"] : [`${difference(cost)} a month`];
    const [first = "", ...rest] = KIND_TITLES[kind];
    return [`${first.toLowerCase()}${rest.join("")}`];
  });
  if (mode === "refresh-only" || drift.length === 0) return kinds;
  return [...kinds, "changed outside Terraform"];
}

/** `1 replaced, 2 changed, 1 created`: what Terraform does, counted. Outputs follow and are not counted. */
function countActions({ changes }: Review): string {
  const words = {
    delete: "destroyed",
    replace: "replaced",
    update: "changed",
    create: "created",
    forget: "forgotten",
    read: "read",
    "no-op": "only moved or taken over",
    unknown: "changed in an unknown way",
  } as const;
  const resources = changes.filter(({ address }) => !address.startsWith("output."));
  const counts = (Object.keys(words) as (keyof typeof words)[]).flatMap((action) => {
    const number = resources.filter((change) => change.action === action).length;
    return number === 0 ? [] : [`${number} ${words[action]}`];
  });
  return counts.length === 0 ? "no resource changes" : counts.join(", ");
}

/** What the provider only recomputes, which a review does not show; `undefined` when there is nothing. */
function countQuiet({ quiet }: Review): string | undefined {
  const { attributes, resources } = quiet;
  const parts = [
    ...(attributes === 0 ? [] : [`${attributes} recomputed ${plural("attribute", attributes)}`]),
    ...(resources.length === 0
      ? []
      : [`${resources.length} ${plural("no-op", resources.length)} (${resources.join(", ")})`]),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

function plural(word: string, number: number): string {
  return number === 1 ? word : `${word}s`;
}

/** What a review tells under one title each: consequences by kind, the worst first, and then what somebody else changed. */
export function sectionsOf({ findings, drift }: Review): [title: string, consequences: readonly Consequence[]][] {
  const all: [string, readonly Consequence[]][] = [
    ...KINDS.map((kind): [string, Consequence[]] => [KIND_TITLES[kind], findings.filter((one) => one.kind === kind)]),
    ["Changed outside Terraform", drift],
  ];
  return all.filter(([, consequences]) => consequences.length > 0);
}

/** What Terraform does, counted, and what is hidden; nothing when it could not be planned. */
export function summaryOf(review: Review): string | undefined {
  if (review.verdict === "failed" && review.changes.length === 0) return undefined;
  const quiet = countQuiet(review);
  return `${countActions(review)}${quiet === undefined ? "" : `. Hidden: ${quiet}`}`;
}

/** What stands beside a plan, by title: the providers, how old the prices are, the policy, and what the shell decides. */
export function notesOf(review: Review, now: Date): [title: string, notes: readonly string[]][] {
  const { policy, shell = [], providers = {}, findings } = review;
  const prices = plansAsOf(now);
  const versions = Object.entries(providers).map(
    ([address, version]) => `${address.replace(/^registry[^/]*\//, "")} ${version}`,
  );
  const all: [string, readonly string[]][] = [
    ["Providers", versions],
    ["Prices", prices !== PLANS_CHECKED.on && findings.some(({ kind }) => kind === "cost") ? [`of ${prices}`] : []],
    ["Policy", policyLines(policy)],
    ["Decided by the shell", shell],
  ];
  return all.filter(([, notes]) => notes.length > 0);
}

/** What an approval names; nothing when there is nothing to approve. */
export function fingerprintLine({ fingerprint, secretsByName }: Review): string[] {
  if (fingerprint === undefined) return [];
  const without = secretsByName ? " (of secrets only the names: before the first apply there is no key for them)" : "";
  return [`fingerprint ${fingerprint}${without}`];
}

/** What the policy warns of, and what is excepted from it, counted and with the reasons. */
function policyLines({ warnings, exceptions }: Review["policy"]): string[] {
  return [
    ...warnings.map(({ rule, message }) => `warning ${rule}: ${message}`),
    ...exceptions.map(
      ({ rule, reason }, index) => `exception ${index + 1} of ${exceptions.length}, ${rule}: ${reason}`,
    ),
  ];
}

/** The command that comes next; nothing when nothing was saved, or there is nothing to apply. */
export function nextStep(review: Review): string | undefined {
  if (review.mode === "refresh-only" || review.verdict === "failed" || review.verdict === "no changes")
    return undefined;
  const { environment, fingerprint, findings } = review;
  if (findings.some(({ kind }) => kind === "refused")) {
    return `Render would refuse it. Change that, then plan again: npm run plan -- ${environment}`;
  }
  const approved = fingerprint === undefined ? "" : ` --fingerprint ${fingerprint}`;
  const acks = acknowledgementsOf(review).map((token) => ` --ack ${/^[\w:.-]+$/.test(token) ? token : `'${token}'`}`);
  return `Apply it with: npm run apply -- ${environment}${approved}${acks.join("")}`;
}
