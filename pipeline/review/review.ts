import { z } from "zod";
import { attributeChangeSchema } from "./plan/attribute-change.ts";
import { isInstance, isRenamedPlan } from "./plan/instance-change.ts";
import { isNoise, realAttributes } from "./plan/noise.ts";
import type { Planned } from "./plan/planned.ts";
import { ACTIONS, type ResourceChange } from "./plan/resource-change.ts";
import { configuredAddress } from "./plan/terraform-plan.ts";
import { allRules } from "./rules/all-rules.ts";
import { codeOf, type Synthesized } from "./rules/code.ts";
import { acknowledgement, type Consequence, consequenceSchema, sortConsequences } from "./rules/consequence.ts";
import { costOf, isPriceChange } from "./rules/cost.ts";
import type { OtherInstance, Rule, RuleContext } from "./rules/rule.ts";
import { formerStepOf, stepOf } from "./rules/steps.ts";
import { unknownOf } from "./rules/unknown.ts";
import { unusedOf } from "./rules/use.ts";
import { type Base, renamesIn, weakerOf } from "./rules/weaker.ts";
import { VERDICTS } from "./verdict.ts";

/** Something on Render that a plan is about, with its address in the dashboard; without an id where it is yet to be made. */
const placeSchema = z.strictObject({
  what: z.enum(["workspace", "instance", "service"]),
  id: z.string().optional(),
  name: z.string().optional(),
  url: z.string().optional(),
});

export type Place = Readonly<z.infer<typeof placeSchema>>;

/** What the sources were that something was made of. */
export const commitSchema = z.strictObject({
  sha: z.string(),
  author: z.string(),
  /** Whether files differed from it. */
  dirty: z.literal(true).optional(),
});

export type Commit = Readonly<z.infer<typeof commitSchema>>;

/** What a plan would do, in an operator's words. Holds nothing that Terraform marks as sensitive. */
export const reviewSchema = z.strictObject({
  environment: z.string(),
  /** What was planned: a change, the removal of everything, or only a look at what somebody changed elsewhere. */
  mode: z.enum(["change", "destroy", "refresh-only"]),
  verdict: z.enum(VERDICTS),
  /** What it would do, the worst first. */
  findings: z.array(consequenceSchema),
  /** What somebody changed outside Terraform since the last apply. */
  drift: z.array(consequenceSchema),
  /** What Terraform does, resource by resource. */
  changes: z.array(
    z.strictObject({
      address: z.string(),
      path: z.string().optional(),
      /** Whether it is what an interrupted replacement left behind. */
      deposed: z.literal(true).optional(),
      action: z.enum(ACTIONS),
      attributes: z.array(attributeChangeSchema).readonly(),
    }),
  ),
  /** Dollars a month for all instances whose price changes; absent when none does, or only a contract has the price. */
  cost: z.strictObject({ before: z.number(), after: z.number() }).optional(),
  /** What only looks like a change: attributes that the provider recomputes, and resources with nothing else. */
  quiet: z.strictObject({ attributes: z.int(), resources: z.array(z.string()) }),
  /** Rules of the policy that the environment breaks: those that only warn, and those that it is excepted from. */
  policy: z.strictObject({
    warnings: z.array(z.strictObject({ rule: z.string(), message: z.string() })).readonly(),
    exceptions: z.array(z.strictObject({ rule: z.string(), reason: z.string() })).readonly(),
  }),
  /** Why Terraform could not make the plan. */
  errors: z.array(z.string()),
  /** SHA-256 of the Terraform that was planned, as synthesized; absent where there is none. */
  terraform: z.string().optional(),
  /** What an approval is tied to; absent when there is nothing to apply. */
  fingerprint: z.string().optional(),
  /** Whether sensitive values entered it by their names only: before the first apply there is no key for them. */
  secretsByName: z.literal(true).optional(),
  /** Where it would be applied to; or why that is not known. */
  where: z
    .union([
      z.strictObject({ host: z.string(), places: z.array(placeSchema) }),
      z.strictObject({ unknown: z.string() }),
    ])
    .optional(),
  /** The commit that was planned; absent where there is no git. */
  commit: commitSchema.optional(),
  /** The providers that are installed, by their addresses, with their versions. */
  providers: z.record(z.string(), z.string()).optional(),
  /** What the shell decides of what Terraform does, a sentence each. */
  shell: z.array(z.string()).readonly().optional(),
});

export type Review = Readonly<z.infer<typeof reviewSchema>>;
/** The review of what could not even be planned: whoever reads an older one must learn that it holds no more. */
export function failedReview(environment: string, mode: Review["mode"], error: string): Review {
  return {
    ...{ environment, mode, verdict: "failed", findings: [], drift: [], changes: [], errors: [error] },
    ...{ quiet: { attributes: 0, resources: [] }, policy: { warnings: [], exceptions: [] } },
  };
}

/** What a review is made of beside the plan. */
export interface ReviewSubject {
  readonly environment: string;
  readonly mode: Review["mode"];
  /** SHA-256 of the synthesized Terraform. */
  readonly digest: string;
  /** Construct paths by Terraform address. */
  readonly paths: Readonly<Record<string, string>>;
  readonly policy: Review["policy"];
  /** Terraform's error messages, free of secrets. */
  readonly errors: readonly string[];
  /** The workspace's instances that Terraform does not know of, when the plan makes one. */
  readonly others: readonly OtherInstance[];
  /** What synthesis wrote; without it only what every synthesis writes is known for ours. */
  readonly synthesized?: Synthesized;
  /** What reviewers saw before, to tell what was removed or weakened. Absent: not asked for. */
  readonly base?: Base;
}

/** Judges a plan by every rule. The same plan gives the same review, byte for byte. */
export function reviewPlan(planned: Planned, subject: ReviewSubject): Review {
  const { plan, steps, resources, outputs, drift: drifted } = planned;
  const { environment, mode, others, paths, policy, errors, digest } = subject;
  // In a refresh-only plan outputs follow what was found; nobody decided on them.
  const changes = mode === "refresh-only" ? resources : [...resources, ...outputs];
  const renames = renamesIn(subject.synthesized?.terraform);
  const context = { environment, plan, steps, changes, others, renames };

  const noise = changes.filter((change) => isNoise(change, context));
  const hidden = new Set(noise);
  const real = changes.filter((change) => !hidden.has(change) && isChange(change)).toSorted(byAddress);
  const consequences = [
    ...judge(real, context),
    ...unusedOf(context, planned.configuration),
    // Nothing of a plan that only looks is applied, and no command of it runs.
    ...(mode === "refresh-only"
      ? []
      : [
          ...codeOf(planned, subject.synthesized),
          ...weakerOf(planned.configuration, subject.base, renames),
          ...unknownOf(planned, subject.synthesized),
        ]),
  ];
  const drift = judgeDrift({ ...context, changes: drifted });
  const located = (found: readonly Consequence[]) => sortConsequences(found).map((one) => locate(one, paths));
  // What Terraform would do is a change, also where this review hides it for saying nothing.
  const count = mode === "refresh-only" ? real.length + drift.length : real.length + noise.length;
  return {
    environment,
    mode,
    verdict: verdictOf(errors, plan.errored, consequences, count),
    findings: located(consequences),
    drift: located(drift),
    changes: real.map((change) => {
      const { address, action } = change;
      const deposed = change.isDeposed ? ({ deposed: true } as const) : {};
      return locate({ address, ...deposed, action, attributes: shownAttributes(change, context) }, paths);
    }),
    ...totalCost(real),
    quiet: {
      attributes: sum(
        real
          .filter(({ action }) => action === "update")
          .map((change) => change.attributes.length - shownAttributes(change, context).length),
      ),
      resources: noise.map(({ address }) => address).sort(),
    },
    policy,
    errors: [...errors],
    terraform: digest,
  };
}

function isChange({ action, movedFrom, importedId }: ResourceChange): boolean {
  return action !== "no-op" || movedFrom !== undefined || importedId !== undefined;
}

/** What the rules say of one change, in the words that `tell` takes from them. */
function consequencesOf(change: ResourceChange, context: RuleContext, tell: (rule: Rule) => Rule["happened"]) {
  return allRules.flatMap((rule): Consequence[] => {
    const sentence = tell(rule);
    if (sentence === undefined || !rule.when(change, context)) return [];
    return [
      {
        kind: rule.kind,
        address: change.address,
        consequence: sentence(change, context),
        causes: [...(rule.causes?.(change) ?? [])],
        acknowledge: rule.acknowledge?.(change, context) ?? false,
      },
    ];
  });
}

/** What no rule knows is said all the same: a reviewer must not miss a change because nobody foresaw it. */
function judge(changes: readonly ResourceChange[], context: RuleContext): Consequence[] {
  return changes.flatMap((change) => {
    const told = consequencesOf(change, context, ({ says }) => says);
    if (told.length > 0 || change.type === "output") return told;
    const causes = change.action === "update" ? realAttributes(change, context) : [];
    const step = stepOf(change, context);
    const later = change.action === "create" ? ` Later: ${step?.says}` : "";
    const idle = step === undefined ? "" : ` It runs nothing now.${later}`;
    const isGone = formerStepOf(change, context) !== undefined;
    const gone = isGone ? " Its command does not run: the configuration no longer has it." : "";
    return [plain(change, `It ${VERBS[change.action]}.${idle}${gone}`, causes)];
  });
}

const VERBS = {
  create: "is created",
  update: "is changed in place",
  delete: "is destroyed",
  replace: "is replaced by a new one",
  forget: "is forgotten by Terraform and stays on Render",
  "no-op": "stays",
  read: "is read",
  unknown: "is changed in a way that no rule of this review knows",
} as const;

function plain({ address }: ResourceChange, consequence: string, causes: Consequence["causes"] = []): Consequence {
  return { kind: "bookkeeping", address, consequence, causes, acknowledge: false };
}

/** The same rules, for what has already happened; a change that none of them speaks of is told as it is. */
function judgeDrift(context: RuleContext): Consequence[] {
  return context.changes
    .filter((change) => isChange(change) && !isNoise(change, context))
    .flatMap((change) => {
      // It has happened: there is nothing to acknowledge.
      const happened = consequencesOf(change, context, (rule) => rule.happened).map((one) => ({
        ...one,
        acknowledge: false,
      }));
      if (change.action === "delete") return happened.length > 0 ? happened : [plain(change, "It was deleted.")];
      const told = new Set(happened.flatMap(({ causes }) => causes.map(({ attribute }) => attribute)));
      // Render may show the plan under its newer name; nobody changed that.
      const isRenamed = isInstance(change) && isRenamedPlan(change);
      const rest = change.attributes.filter(
        ({ attribute }) =>
          !told.has(attribute) && !attribute.startsWith("env_vars.") && !(isRenamed && attribute === "plan"),
      );
      return rest.length === 0 ? happened : [...happened, plain(change, "It was changed.", rest)];
    });
}

/** In an update only what is meant; everything else is new, or gone, as a whole. */
function shownAttributes(change: ResourceChange, context: RuleContext) {
  if (change.action === "delete" || change.action === "forget") return [];
  return change.action === "update" ? realAttributes(change, context) : change.attributes;
}

function totalCost(changes: readonly ResourceChange[]) {
  const costs = changes.filter(isPriceChange).map(costOf);
  const [before, after] = [costs.map((cost) => cost.before), costs.map((cost) => cost.after)];
  if (costs.length === 0 || !before.every(isKnown) || !after.every(isKnown)) return {};
  return { cost: { before: sum(before), after: sum(after) } };
}

function isKnown(price: number | undefined): price is number {
  return price !== undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function verdictOf(
  errors: readonly string[],
  isErrored: boolean,
  found: readonly Consequence[],
  changes: number,
): Review["verdict"] {
  if (errors.length > 0 || isErrored) return "failed";
  if (found.some(({ acknowledge }) => acknowledge)) return "needs acknowledgement";
  return changes > 0 ? "changes" : "no changes";
}

function locate<T extends { readonly address: string }>(located: T, paths: ReviewSubject["paths"]) {
  const address = configuredAddress(located.address);
  const path = Object.hasOwn(paths, address) ? paths[address] : undefined;
  return path === undefined ? located : { ...located, path };
}

function byAddress(a: ResourceChange, b: ResourceChange): number {
  return a.address < b.address ? -1 : 1;
}

/** The acknowledgements that a plan waits for, each once. */
export function acknowledgementsOf({ findings }: Pick<Review, "findings">): string[] {
  return [...new Set(findings.filter(({ acknowledge }) => acknowledge).map(acknowledgement))];
}
