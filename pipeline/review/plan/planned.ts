import { type StepId, stepOfProvisioner } from "../../../steps/steps.ts";
import { blocksOf, type Configuration, objects, readConfiguration } from "./configuration.ts";
import { type ResourceChange, toOutputChange, toResourceChange } from "./resource-change.ts";
import { type TerraformPlan, terraformPlanSchema } from "./terraform-plan.ts";

/** A plan in the terms of the rules. */
export interface Planned {
  readonly plan: TerraformPlan;
  readonly configuration: Configuration;
  /** Our steps, by the addresses in the configuration. */
  readonly steps: ReadonlyMap<string, StepId>;
  /** What it does, resource by resource; those that stay as they are, too. */
  readonly resources: readonly ResourceChange[];
  readonly outputs: readonly ResourceChange[];
  /** What somebody changed outside Terraform since the last apply. */
  readonly drift: readonly ResourceChange[];
}

/**
 * Reads a plan once, for everybody who asks something of it.
 *
 * @param files Of the configuration, as they lie in the plan's file.
 */
export function readPlan(plan: TerraformPlan, files: ReadonlyMap<string, string> = new Map()): Planned {
  const configuration = readConfiguration(files);
  return {
    plan,
    configuration,
    steps: new Map(configuration.root.flatMap(({ blocks }) => blocksOf(blocks, "resource").flatMap(stepOf))),
    resources: plan.resource_changes.map(toResourceChange),
    outputs: Object.entries(plan.output_changes).map(([name, change]) => toOutputChange(name, change)),
    drift: plan.resource_drift.map(toResourceChange),
  };
}

/** A step has its one command, and nothing else runs with it. */
function stepOf({ address, body }: { address: string; body: Readonly<Record<string, unknown>> }): [string, StepId][] {
  const [only, ...others] = objects(body.provisioner);
  const step = others.length === 0 ? stepOfProvisioner(only) : undefined;
  return step === undefined ? [] : [[address, step]];
}

/** For one that has nothing in it, and for one that Terraform did not get as far as saving. */
export const EMPTY_PLAN: Planned = readPlan(terraformPlanSchema.parse({ format_version: "1.2" }));
