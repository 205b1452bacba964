import { Stop } from "../runtime/errors.ts";
import { Secrets } from "../runtime/secrets.ts";
import { isInstance, makesInstance } from "./review/plan/instance-change.ts";
import type { Planned } from "./review/plan/planned.ts";
import { sensitiveValues } from "./review/plan/sensitive-values.ts";
import { type Review, reviewPlan } from "./review/review.ts";
import type { OtherInstance } from "./review/rules/rule.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { type Diagnostic, describeDiagnostic } from "./terraform-event.ts";

/**
 * The review of a stack's plan, together with what Terraform complained about while it made it.
 *
 * @throws Stop when Render cannot be asked which instances there are.
 */
export async function reviewStack(
  planned: Planned,
  stack: SynthesizedStack,
  mode: Review["mode"],
  errors: readonly Diagnostic[] = [],
): Promise<Review> {
  const others = await otherInstances(planned);
  return reviewPlan(planned, { ...stack, mode, others, errors: describeErrors(planned, errors) });
}

/** Terraform's error messages, without what the plan marks as sensitive. */
export function describeErrors(planned: Planned, errors: readonly Diagnostic[]): string[] {
  const secrets = secretsOf(planned);
  return errors.map((error) => secrets.mask(describeDiagnostic(error)));
}

/** What must not be in Terraform's own messages, which quote whatever they like. */
export function secretsOf({ plan }: Planned): Secrets {
  const secrets = new Secrets();
  secrets.add(process.env.RENDER_API_KEY);
  secrets.addUrl(process.env.PG_CONN_STR ?? "");
  for (const text of sensitiveValues(plan)) secrets.add(text);
  return secrets;
}

/**
 * The workspace's instances that Terraform does not know of. Render is asked only when the plan makes an instance, for only
 * that can go wrong by one that is there already.
 */
async function otherInstances({ resources }: Planned): Promise<OtherInstance[]> {
  const instances = resources.filter(isInstance);
  if (!instances.some(makesInstance)) return [];
  const known = new Set(instances.map(({ before }) => before?.id));
  try {
    // Loaded late: most plans make no instance.
    const { RenderClient } = await import("../render/api/client.ts");
    const { API } = await import("../render/api/endpoints.ts");
    const client = RenderClient.fromEnvironment(process.env);
    const all = await client.list(API.listKeyValues, {}, { ownerId: process.env.RENDER_OWNER_ID || undefined });
    return all.filter(({ id }) => !known.has(id));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    throw new Stop("failed", `Render could not be asked which instances there are: ${reason}`);
  }
}
