import { type AttributeChange, UNKNOWN } from "../../../pipeline/review/plan/attribute-change.ts";
import { acknowledgementsOf, type Review } from "../../../pipeline/review/review.ts";
import { type Consequence, KIND_TITLES, KINDS } from "../../../pipeline/review/rules/consequence.ts";
import { difference } from "../../../pipeline/review/rules/cost.ts";
import { PLANS_CHECKED, plansAsOf } from "../../../render/plans.ts";

/** The first line: the verdict and what brings it about, the worst first. */
export function headline(review: Review): string {
  const reasons = reasonsOf(review);
  return `${review.environment}: ${verdictText(review)}${reasons.length === 0 ? "" : ` – ${reasons.join(", ")}`}`;
}

export function verdictText({ mode, verdict }: Review): string {
  return VERDICT_TEXTS[mode][verdict];
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

/** What an operator would feel, a few words each, the worst first. */
export function reasonsOf({ findings, drift, cost, mode }: Review): string[] {
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

/** A line of a review's head: where the plan belongs, and what it was made of. */
export interface HeadLine {
  readonly what: string;
  readonly text: string;
  /** An address in Render's dashboard. */
  readonly url?: string | undefined;
}

/** Where it would be applied to, of which sources it was made, and what an approval names. */
export function headOf({ where, commit, fingerprint, secretsByName }: Review): HeadLine[] {
  const places = where === undefined || "unknown" in where ? [] : where.places;
  const host = where !== undefined && "host" in where ? ` at ${where.host}` : "";
  const without = secretsByName ? " (of secrets only the names: before the first apply there is no key for them)" : "";
  return [
    ...(where !== undefined && "unknown" in where ? [{ what: "applied to", text: `not known: ${where.unknown}` }] : []),
    ...places.map(({ what, id, name, url }) => {
      const known = id === undefined ? "new" : name === undefined ? "not found" : id;
      return { what, text: `${name ?? id} (${known})${what === "workspace" ? host : ""}`, url };
    }),
    ...(commit === undefined
      ? []
      : [
          {
            what: "commit",
            text: `${commit.sha.slice(0, 10)} by ${commit.author}${commit.dirty ? ", with changes that are not committed" : ""}`,
          },
        ]),
    ...(fingerprint === undefined ? [] : [{ what: "fingerprint", text: `${fingerprint}${without}` }]),
  ];
}

/** A row of what is there before and after. */
export interface Row {
  readonly address: string;
  readonly attribute: string;
  readonly before: string;
  readonly after: string;
}

/** Our steps and the outputs follow the rest: what they do is told by the consequences. */
const FOLLOWS = /^(output|null_resource)\./;

/** What is there before and after, setting by setting. What only the apply tells of a new resource is no row. */
export function rowsOf({ changes }: Review): Row[] {
  return changes.flatMap(({ address, action, deposed, attributes }): Row[] => {
    if (FOLLOWS.test(address)) return [];
    const isNew = action === "create" || action === "replace";
    const before = action === "create" ? "–" : deposed ? "left behind by an earlier apply" : "exists";
    const after = WHOLE.get(action);
    return [
      ...(after === undefined ? [] : [{ address, attribute: "", before, after }]),
      ...attributes
        .filter(({ attribute, after }) => !(isNew && (after === UNKNOWN || attribute.endsWith(".generate_value"))))
        .map(({ attribute, before = "–", after = "–" }) => ({ address, attribute, before, after })),
    ];
  });
}

const WHOLE: ReadonlyMap<string, string> = new Map([
  ["create", "is created"],
  ["replace", "is replaced"],
  ["delete", "is destroyed"],
  ["forget", "is forgotten"],
]);

/** One sentence of a review, and all that it is about. */
export interface Item {
  readonly consequence: string;
  /** What brings it about and is not among what Terraform changes, which is shown by itself. */
  readonly causes: readonly AttributeChange[];
  readonly places: readonly Pick<Consequence, "address" | "path">[];
}

/** What a review tells under one title each: consequences by kind, the worst first, and then what somebody else changed. */
export function sectionsOf(review: Review): [title: string, items: readonly Item[]][] {
  const { findings, drift, changes } = review;
  const shown = new Set(
    changes.flatMap(({ address, attributes }) => attributes.map(({ attribute }) => `${address} ${attribute}`)),
  );
  const all: [string, readonly Item[]][] = [
    ...KINDS.map((kind): [string, readonly Item[]] => {
      const own = findings.filter((one) => one.kind === kind);
      return [KIND_TITLES[kind], once(own, ({ address }, { attribute }) => !shown.has(`${address} ${attribute}`))];
    }),
    ["Changed outside Terraform", once(drift, () => true)],
  ];
  return all.filter(([, items]) => items.length > 0);
}

/** The same sentence of several resources stands once. */
function once(all: readonly Consequence[], isShown: (of: Consequence, cause: AttributeChange) => boolean): Item[] {
  const items = new Map<string, Item & { places: Item["places"][number][] }>();
  for (const one of all) {
    const { consequence, address, path } = one;
    const causes = one.causes.filter((cause) => isShown(one, cause));
    const key = JSON.stringify([consequence, causes]);
    const place = { address, ...(path === undefined ? {} : { path }) };
    const known = items.get(key);
    if (known === undefined) items.set(key, { consequence, causes, places: [place] });
    else if (!known.places.some((other) => other.address === address)) known.places.push(place);
  }
  return [...items.values()];
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

/** What the policy warns of, and what is excepted from it, counted and with the reasons. */
function policyLines({ warnings, exceptions }: Review["policy"]): string[] {
  return [
    ...warnings.map(({ rule, message }) => `warning ${rule}: ${message}`),
    ...exceptions.map(
      ({ rule, reason }, index) => `exception ${index + 1} of ${exceptions.length}, ${rule}: ${reason}`,
    ),
  ];
}

/** What somebody does next: a sentence, and what they type or give. */
export interface NextStep {
  readonly says: string;
  readonly types?: string;
}

/** Nothing when nothing was saved, or there is nothing to apply. @param env Says which pipeline this runs in, if any. */
export function nextStep(review: Review, env: NodeJS.ProcessEnv): NextStep | undefined {
  const { environment, fingerprint, findings, mode, verdict } = review;
  if (mode === "refresh-only" || verdict === "failed" || verdict === "no changes") return undefined;
  const tokens = acknowledgementsOf(review);
  const pipeline = PIPELINES.find(({ isOf }) => isOf(env));
  if (findings.some(({ kind }) => kind === "refused")) {
    if (pipeline !== undefined) return { says: "Render would refuse it. Change that, and push again." };
    return { says: "Render would refuse it. Change that, then plan again:", types: `npm run plan -- ${environment}` };
  }
  if (pipeline !== undefined) {
    return tokens.length === 0 ? { says: pipeline.applies } : { says: pipeline.acknowledges, types: tokens.join(" ") };
  }
  const approved = fingerprint === undefined ? "" : ` --fingerprint ${fingerprint}`;
  const acks = tokens.map((token) => ` --ack ${/^[\w:.-]+$/.test(token) ? token : `'${token}'`}`);
  return { says: "Apply it with:", types: `npm run apply -- ${environment}${approved}${acks.join("")}` };
}

/** The pipelines in `.github/workflows/` and `docs/examples/`: what somebody does there, and what is acknowledged how. */
const PIPELINES = [
  {
    isOf: (env) => env.GITHUB_ACTIONS === "true" && /^pull_request/.test(env.GITHUB_EVENT_NAME ?? ""),
    applies: "Next: merge it. The workflow Apply then applies this plan, and no other, once its reviewers approve.",
    acknowledges: "Next: merge it, then start the workflow Apply by hand. Its field acknowledge takes what you accept:",
  },
  {
    isOf: (env) => env.GITHUB_ACTIONS === "true",
    applies: "Next: the reviewers of the environment approve this run, which then applies this plan and no other.",
    acknowledges: "Next: start this workflow by hand. Its field acknowledge takes what you accept:",
  },
  {
    isOf: (env) => Boolean(env.CI_MERGE_REQUEST_IID),
    applies: "Next: merge it, then start the job apply. It applies this plan, and no other.",
    acknowledges: "Next: merge it, then start the job apply. Its variable ACKNOWLEDGE takes what you accept:",
  },
  {
    isOf: (env) => env.GITLAB_CI === "true",
    applies: "Next: start the job apply. It applies this plan, and no other.",
    acknowledges: "Next: start the job apply. Its variable ACKNOWLEDGE takes what you accept:",
  },
] as const satisfies readonly {
  readonly isOf: (env: NodeJS.ProcessEnv) => boolean;
  readonly applies: string;
  readonly acknowledges: string;
}[];
