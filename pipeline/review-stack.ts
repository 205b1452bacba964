import { PASSPHRASE } from "../environments/state.ts";
import { Stop } from "../runtime/errors.ts";
import { Secrets } from "../runtime/secrets.ts";
import { baseOf } from "./base.ts";
import { makesInstance } from "./review/plan/instance-change.ts";
import type { Planned } from "./review/plan/planned.ts";
import { sensitiveValues } from "./review/plan/sensitive-values.ts";
import { type Review, reviewPlan } from "./review/review.ts";
import { type Consequence, sortConsequences } from "./review/rules/consequence.ts";
import { runs, stepOf } from "./review/rules/steps.ts";
import { shownReview } from "./review/shown.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { type Diagnostic, describeDiagnostic } from "./terraform-event.ts";
import { lookAtWorkspace } from "./workspace.ts";

/** Texts of this many characters are likely to be secrets wherever they stand. */
const LIKELY_SECRET = 16;

/**
 * The review of a stack's plan, together with what Terraform complained about while it made it, and with what Render has
 * beside it.
 *
 * @throws Stop when the plan makes an instance, and Render cannot be asked which there are.
 */
export async function reviewStack(
  planned: Planned,
  stack: SynthesizedStack,
  mode: Review["mode"],
  errors: readonly Diagnostic[] = [],
  refusals: Preflight = async () => [],
): Promise<Review> {
  const { others, duplicates, where } = await lookAtWorkspace(stack, planned).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : "";
    if (planned.resources.some(makesInstance)) {
      throw new Stop("failed", `Render could not be asked which instances there are: ${reason}`);
    }
    return { others: [], duplicates: [], where: { unknown: `Render could not be asked: ${reason}` } };
  });
  const base = mode === "refresh-only" ? undefined : await baseOf(stack.environment);
  const told = describeErrors(planned, errors, stack.environment);
  const review = reviewPlan(planned, { ...stack, mode, others, errors: told, ...(base && { base }) });
  const refused = errors.length === 0 && runsPreflight(planned) ? await refusals(stack.environment) : [];
  // Preflight tells of the same namesakes, and that the apply fails because of them.
  const unsaid = duplicates.filter(({ consequence }) => !refused.some((reason) => consequence.endsWith(reason)));
  const whole = {
    ...withMore(review, [...unsaid, ...refused.map(refusedByPreflight)]),
    ...(where && { where }),
  };
  return shownReview(whole, secretsOf(planned), new Set(sensitiveValues(planned.plan)));
}

/** Duplicates, and what preflight refuses, wait for an acknowledgement even where nothing changes; where drift is looked for they are some. */
function withMore(review: Review, more: readonly Consequence[]): Review {
  if (more.length === 0) return review;
  const isFailed = review.verdict === "failed";
  if (review.mode === "refresh-only") {
    const drift = [...more.map((one) => ({ ...one, acknowledge: false })), ...review.drift];
    return { ...review, drift, verdict: isFailed ? "failed" : "changes" };
  }
  const findings = sortConsequences([...review.findings, ...more]);
  return { ...review, findings, verdict: isFailed ? "failed" : "needs acknowledgement" };
}

/** Asks what the first step of an apply would refuse, a sentence each. */
export type Preflight = (environment: string) => Promise<readonly string[]>;

/** Whether an apply begins with it. By then Terraform has destroyed what it replaces. */
function runsPreflight(planned: Planned): boolean {
  return planned.resources.some((change) => stepOf(change, planned)?.id === "preflight" && runs(change, planned));
}

function refusedByPreflight(reason: string): Consequence {
  const consequence = `Preflight refuses it, so the apply fails at its first step: ${reason}`;
  return { kind: "refused", address: "null_resource.preflight", consequence, causes: [], acknowledge: true };
}

/** Terraform's error messages, without what the plan marks as sensitive. */
export function describeErrors(planned: Planned, errors: readonly Diagnostic[], environment: string): string[] {
  const secrets = secretsOf(planned);
  return errors.map((error) => secrets.mask([describeDiagnostic(error), ...healing(error, environment)].join("\n")));
}

/**
 * What heals what Terraform itself does not: a link to a group that somebody deleted, for Render's provider fails where it
 * reads one.
 */
function healing({ address = "", summary, detail }: Diagnostic, environment: string): string[] {
  if (!address.startsWith("render_env_group_link.") || !/404|not found/i.test(`${summary} ${detail}`)) return [];
  const remove = `terraform -chdir=cdktf.out/stacks/${environment} state rm '${address}'`;
  return [`The environment group was deleted outside Terraform. Forget the link, then plan again:\n  ${remove}`];
}

/** What must not be in Terraform's own messages, which quote whatever they like. */
export function secretsOf({ plan }: Planned): Secrets {
  const secrets = new Secrets();
  secrets.add(process.env.RENDER_API_KEY);
  // A plan that failed does not tell it.
  secrets.add(process.env[`TF_VAR_${PASSPHRASE}`]);
  secrets.addUrl(process.env.PG_CONN_STR ?? "");
  for (const text of sensitiveValues(plan)) {
    // Shorter ones occur by chance in what Terraform prints.
    if (text.length >= LIKELY_SECRET) secrets.addUrl(text);
  }
  return secrets;
}
