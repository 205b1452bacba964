import { z } from "zod";
import type { OtherInstance } from "../other-instances.ts";
import { isNoise, realAttributes } from "./plan/noise.ts";
import { type ResourceChange, toOutputChange, toResourceChange } from "./plan/resource-change.ts";
import { configuredAddress, type TerraformPlan } from "./plan/terraform-plan.ts";
import { allRules } from "./rules/all-rules.ts";
import { acknowledgement, type Finding, KINDS, sortFindings } from "./rules/consequence.ts";
import { costOf, isPriceChange } from "./rules/cost.ts";
import type { RuleContext } from "./rules/rule.ts";
import { isStep } from "./rules/steps.ts";

const attributeChangeSchema = z.strictObject({
  attribute: z.string(),
  before: z.string().optional(),
  after: z.string().optional(),
});

const findingSchema = z.strictObject({
  kind: z.enum(KINDS),
  address: z.string(),
  /** The construct's path in our code; absent when the code has it no more, or never had. */
  path: z.string().optional(),
  consequence: z.string(),
  causes: z.array(attributeChangeSchema).readonly(),
  acknowledge: z.boolean(),
});

export const VERDICTS = ["no changes", "changes", "needs acknowledgement", "failed"] as const;

/** What a plan would do, in an operator's words. Holds nothing that Terraform marks as sensitive. */
export const reviewSchema = z.strictObject({
  environment: z.string(),
  /** What was planned: a change, the removal of everything, or only a look at what somebody changed elsewhere. */
  mode: z.enum(["change", "destroy", "refresh-only"]),
  verdict: z.enum(VERDICTS),
  /** The worst first. */
  findings: z.array(findingSchema),
  /** What somebody changed outside Terraform since the last apply. */
  drift: z.array(findingSchema),
  /** What Terraform does, resource by resource. */
  changes: z.array(
    z.strictObject({
      address: z.string(),
      path: z.string().optional(),
      /** Whether it is what an interrupted replacement left behind. */
      deposed: z.literal(true).optional(),
      action: z.enum(["create", "update", "delete", "replace", "forget", "no-op", "read"]),
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
  /** SHA-256 of the Terraform that was planned, as synthesized. */
  terraform: z.string(),
});

export type Review = Readonly<z.infer<typeof reviewSchema>>;
export type ReviewedFinding = Readonly<Review["findings"][number]>;

/** What a review is made of beside the plan. */
export interface ReviewSubject {
  readonly environment: string;
  readonly mode: Review["mode"];
  /** SHA-256 of the synthesized Terraform. */
  readonly terraform: string;
  /** Construct paths by Terraform address. */
  readonly paths: Readonly<Record<string, string>>;
  readonly policy: Review["policy"];
  /** Terraform's error messages, free of secrets. */
  readonly errors: readonly string[];
  /** The workspace's instances that Terraform does not know of, when the plan makes one. */
  readonly others: readonly OtherInstance[];
}

/** Judges a plan by every rule. The same plan gives the same review, byte for byte. */
export function reviewPlan(plan: TerraformPlan, subject: ReviewSubject): Review {
  const { environment, mode, terraform, others } = subject;
  const resources = plan.resource_changes.map(toResourceChange);
  const outputs = Object.entries(plan.output_changes).map(([name, change]) => toOutputChange(name, change));
  // In a refresh-only plan outputs follow what was found; nobody decided on them.
  const changes = mode === "refresh-only" ? resources : [...resources, ...outputs];
  const context = { environment, plan, changes, others };

  const noise = changes.filter((change) => isNoise(change, context));
  const real = changes.filter((change) => !noise.includes(change) && isChange(change)).toSorted(byAddress);
  const findings = withFallback(real, judge(real, context), context);
  const drifted = plan.resource_drift.map(toResourceChange);
  const drift = judgeDrift(drifted, { ...context, changes: drifted });
  const located = (found: readonly Finding[]) => sortFindings(found).map((finding) => locate(finding, subject.paths));
  return {
    environment,
    mode,
    verdict: verdictOf(subject.errors, findings, real.length + (mode === "refresh-only" ? drift.length : 0)),
    findings: located(findings),
    drift: located(drift),
    changes: real.map((change) => {
      const { address, action } = change;
      const deposed = change.isDeposed ? ({ deposed: true } as const) : {};
      return locate({ address, ...deposed, action, attributes: shownAttributes(change, context) }, subject.paths);
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
    policy: subject.policy,
    errors: [...subject.errors],
    terraform,
  };
}

function isChange({ action, movedFrom, importedId }: ResourceChange): boolean {
  return (action !== "no-op" && action !== "read") || movedFrom !== undefined || importedId !== undefined;
}

function judge(changes: readonly ResourceChange[], context: RuleContext): Finding[] {
  return changes.flatMap((change) =>
    allRules
      .filter((rule) => rule.when(change, context))
      .map((rule) => ({
        kind: rule.kind,
        address: change.address,
        consequence: rule.says(change, context),
        causes: [...(rule.causes?.(change) ?? [])],
        acknowledge: rule.acknowledge?.(change, context) ?? false,
      })),
  );
}

/**
 * What no rule knows is said all the same: a reviewer must not miss a change because nobody foresaw it. A step of which
 * no rule speaks does not run in this apply.
 */
function withFallback(
  changes: readonly ResourceChange[],
  findings: readonly Finding[],
  context: RuleContext,
): Finding[] {
  const unsaid = changes.filter(
    (change) =>
      change.type !== "output" && !isStep(change) && !findings.some(({ address }) => address === change.address),
  );
  return [...findings, ...unsaid.map((change) => describe(change, context))];
}

const VERBS = {
  create: "is created",
  update: "is changed in place",
  delete: "is destroyed",
  replace: "is replaced by a new one",
  forget: "is forgotten by Terraform and stays on Render",
  "no-op": "stays",
  read: "is read",
} as const;

function describe(change: ResourceChange, context: RuleContext): Finding {
  const { address, action } = change;
  const causes = action === "update" ? realAttributes(change, context) : [];
  return { kind: "bookkeeping", address, consequence: `It ${VERBS[action]}.`, causes, acknowledge: false };
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

/** The same rules, for what has already happened; a change that none of them speaks of is told as it is. */
function judgeDrift(drifted: readonly ResourceChange[], context: RuleContext): Finding[] {
  return drifted
    .filter((change) => isChange(change) && !isNoise(change, context))
    .flatMap((change) => {
      const happened = allRules.flatMap((rule) =>
        rule.happened !== undefined && rule.when(change, context)
          ? [
              {
                kind: rule.kind,
                consequence: rule.happened(change, context),
                causes: [...(rule.causes?.(change) ?? [])],
              },
            ]
          : [],
      );
      const told = new Set(happened.flatMap(({ causes }) => causes.map(({ attribute }) => attribute)));
      const rest = change.attributes.filter(
        ({ attribute }) => !told.has(attribute) && !attribute.startsWith("env_vars."),
      );
      const untold = change.action === "delete" ? happened.length === 0 : rest.length > 0;
      const consequence = change.action === "delete" ? "It was deleted." : "It was changed.";
      const plain = { kind: "bookkeeping" as const, consequence, causes: change.action === "delete" ? [] : rest };
      return [...happened, ...(untold ? [plain] : [])].map((found) => ({
        ...found,
        address: change.address,
        acknowledge: false,
      }));
    });
}

function verdictOf(errors: readonly string[], findings: readonly Finding[], changes: number): Review["verdict"] {
  if (errors.length > 0) return "failed";
  if (findings.some(({ acknowledge }) => acknowledge)) return "needs acknowledgement";
  return changes > 0 ? "changes" : "no changes";
}

function locate<T extends { readonly address: string }>(located: T, paths: ReviewSubject["paths"]) {
  const path = paths[configuredAddress(located.address)];
  return path === undefined ? located : { ...located, path };
}

function byAddress(a: ResourceChange, b: ResourceChange): number {
  return a.address < b.address ? -1 : 1;
}

/** The acknowledgements that a plan waits for, each once. */
export function acknowledgementsOf({ findings }: Pick<Review, "findings">): string[] {
  return [...new Set(findings.filter(({ acknowledge }) => acknowledge).map(acknowledgement))];
}
