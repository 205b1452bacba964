import { type ResourceChange, toOutputChange, toResourceChange } from "./resource-change.ts";
import { type TerraformPlan, terraformPlanSchema } from "./terraform-plan.ts";

/** A plan in the terms of the rules. */
export interface Planned {
  readonly plan: TerraformPlan;
  /** What it does, resource by resource; those that stay as they are, too. */
  readonly resources: readonly ResourceChange[];
  readonly outputs: readonly ResourceChange[];
  /** What somebody changed outside Terraform since the last apply. */
  readonly drift: readonly ResourceChange[];
}

/** Reads a plan once, for everybody who asks something of it. */
export function readPlan(plan: TerraformPlan): Planned {
  return {
    plan,
    resources: plan.resource_changes.map(toResourceChange),
    outputs: Object.entries(plan.output_changes).map(([name, change]) => toOutputChange(name, change)),
    drift: plan.resource_drift.map(toResourceChange),
  };
}

/** For one that has nothing in it, and for one that Terraform did not get as far as saving. */
export const EMPTY_PLAN: Planned = readPlan(terraformPlanSchema.parse({ format_version: "1.2" }));
