import type { Mask, TerraformPlan } from "./terraform-plan.ts";

/** Texts of this many characters are likely to be secrets; shorter ones occur by chance in what Terraform prints. */
const LIKELY_SECRET = 16;

/** The texts that Terraform marks as sensitive anywhere in a plan, however deep they stand. */
export function* sensitiveValues(plan: TerraformPlan): Generator<string> {
  const changes = [...plan.resource_changes, ...plan.resource_drift].map(({ change }) => change);
  for (const change of [...changes, ...Object.values(plan.output_changes)]) {
    yield* masked(change.before, change.before_sensitive);
    yield* masked(change.after, change.after_sensitive);
  }
}

function* masked(value: unknown, mask: Mask): Generator<string> {
  if (typeof value === "string") {
    if (mask === true && value.length >= LIKELY_SECRET) yield value;
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      yield* masked(part, mask === true || (Reflect.get(Object(mask), key) ?? false));
    }
  }
}
