import { Secrets } from "../runtime/secrets.ts";
import type { OtherInstance } from "./other-instances.ts";
import { type Mask, type TerraformPlan, terraformPlanSchema } from "./review/plan/terraform-plan.ts";
import { type Review, reviewPlan } from "./review/review.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { type Diagnostic, describeDiagnostic } from "./terraform-event.ts";

/** For one that has nothing in it, and for one that Terraform did not get as far as saving. */
export const EMPTY_PLAN: TerraformPlan = terraformPlanSchema.parse({ format_version: "1.2" });

/** Texts of this many characters that Terraform marks as sensitive are masked in its messages; shorter ones occur by chance. */
const LIKELY_SECRET = 16;

/**
 * The review of a stack's plan, together with what Terraform complained about while it made it.
 *
 * @param others The workspace's instances that Terraform does not know of: see `other-instances.ts`.
 */
export function reviewStackPlan(
  plan: TerraformPlan,
  others: readonly OtherInstance[],
  stack: SynthesizedStack,
  mode: Review["mode"],
  errors: readonly Diagnostic[] = [],
): Review {
  const secrets = secretsOf(plan);
  return reviewPlan(plan, {
    environment: stack.environment,
    mode,
    terraform: stack.digest,
    paths: stack.paths,
    policy: stack.policy,
    others,
    errors: errors.map((error) => secrets.mask(describeDiagnostic(error))),
  });
}

/** What must not be in Terraform's own messages, which quote whatever they like. */
export function secretsOf(plan: TerraformPlan): Secrets {
  const secrets = new Secrets();
  secrets.add(process.env.RENDER_API_KEY);
  secrets.addUrl(process.env.PG_CONN_STR ?? "");
  const changes = [...plan.resource_changes, ...plan.resource_drift].map(({ change }) => change);
  for (const change of [...changes, ...Object.values(plan.output_changes)]) {
    for (const text of masked(change.before, change.before_sensitive)) secrets.add(text);
    for (const text of masked(change.after, change.after_sensitive)) secrets.add(text);
  }
  return secrets;
}

function* masked(value: unknown, mask: Mask): Generator<string> {
  if (typeof value === "string") {
    if (mask === true && value.length >= LIKELY_SECRET) yield value;
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      yield* masked(part, mask === true ? true : (Reflect.get(Object(mask), key) ?? false));
    }
  }
}
