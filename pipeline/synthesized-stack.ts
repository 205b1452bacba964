import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { reviewSchema } from "./review/review.ts";

const descriptionSchema = z.strictObject({
  environment: z.string(),
  /** SHA-256, in hex, of the Terraform without cdktf's notes: of what `synthesized/` shows. */
  digest: z.string(),
  /** Construct paths by Terraform address. */
  paths: z.record(z.string(), z.string()),
  /** Whether the state is a file on this machine. */
  hasLocalState: z.boolean(),
  /** What the policy says of it, short of an error. */
  policy: reviewSchema.shape.policy,
});

/** An environment's Terraform, as far as a review needs to know of it. */
export type SynthesizedStack = Readonly<z.infer<typeof descriptionSchema>>;

/** cdktf's note with the construct's path, which every resource has that came from a construct. */
const noteSchema = z.object({ metadata: z.object({ path: z.string() }) });
const terraformSchema = z.object({
  terraform: z.object({ backend: z.record(z.string(), z.unknown()).default({}) }),
  resource: z.record(z.string(), z.record(z.string(), z.object({ "//": noteSchema.optional() }))).default({}),
});

/** @param policy What the policy says of the environment. */
export function describeStack(
  environment: string,
  directory: string,
  { warnings, exceptions }: SynthesizedStack["policy"],
): SynthesizedStack {
  const json = readFileSync(join(directory, "cdk.tf.json"), "utf8");
  const { terraform, resource } = terraformSchema.parse(JSON.parse(json));
  return {
    environment,
    digest: createHash("sha256").update(readableTerraform(json)).digest("hex"),
    paths: constructPaths(resource),
    hasLocalState: "local" in terraform.backend,
    policy: { warnings, exceptions },
  };
}

/** Keeps it beside the Terraform. */
export function writeDescription(directory: string, stack: SynthesizedStack): void {
  writeFileSync(join(directory, "stack.json"), `${JSON.stringify(stack, null, 2)}\n`);
}

export function readDescription(directory: string): SynthesizedStack {
  return descriptionSchema.parse(JSON.parse(readFileSync(join(directory, "stack.json"), "utf8")));
}

/** A stack's Terraform without cdktf's notes to itself: its version and construct paths, which it keeps under "//". */
export function readableTerraform(json: string): string {
  const withoutNotes = (key: string, value: unknown) => (key === "//" ? undefined : value);
  return `${JSON.stringify(JSON.parse(json, withoutNotes), undefined, 2)}\n`;
}

function constructPaths(resource: z.output<typeof terraformSchema>["resource"]): Record<string, string> {
  const paths = Object.entries(resource).flatMap(([type, resources]) =>
    Object.entries(resources).flatMap(([name, { "//": note }]): [string, string][] =>
      note === undefined ? [] : [[`${type}.${name}`, note.metadata.path]],
    ),
  );
  return Object.fromEntries(paths);
}
