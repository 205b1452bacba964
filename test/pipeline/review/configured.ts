import { commandOf, STEPS, type StepId } from "../../../steps/steps.ts";

/** What a test's configuration is made of, as Terraform's JSON. */
export type Blocks = Readonly<Record<string, unknown>>;

/** A step's provisioner, with all that the construct generates. */
export function provisionerOf(step: StepId, changes: Blocks = {}): Blocks {
  const { when, reads } = STEPS[step];
  return {
    "local-exec": {
      command: commandOf(step),
      working_dir: `\${path.root}/../../..`,
      environment: Object.fromEntries(Object.keys(reads).map((name) => [name, "x"])),
      ...(when === "destroy" ? { when } : {}),
      ...changes,
    },
  };
}

/** A configuration's files, as they lie in a plan's. */
export function filesOf(blocks: Blocks, more: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> {
  return new Map([["m-/cdk.tf.json", JSON.stringify(blocks)], ...Object.entries(more)]);
}
