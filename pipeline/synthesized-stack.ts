import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { z } from "zod";
import { parseObject } from "./review/plan/configuration.ts";
import { type Review, reviewSchema } from "./review/review.ts";
import type { Synthesized } from "./review/rules/code.ts";

/** An environment's Terraform, as far as a review needs to know of it. */
export interface SynthesizedStack {
  readonly environment: string;
  /** Where it is; without it Render is not asked what it has beside. */
  readonly directory?: string;
  /** SHA-256, in hex, of the Terraform without notes: of what `synthesized/` shows. */
  readonly digest: string;
  /** Construct paths by Terraform address. */
  readonly paths: Readonly<Record<string, string>>;
  /** The names of its variables. */
  readonly variables: readonly string[];
  /** The state, where it is a file on this machine. */
  readonly localState: string | undefined;
  /** Whether the state and every plan are encrypted, which only OpenTofu can do. */
  readonly isEncrypted: boolean;
  /** What the policy says of it, short of an error. */
  readonly policy: Review["policy"];
  /** What synthesis wrote, for the review to compare what was planned with. */
  readonly synthesized: Synthesized;
}

const REPOSITORY = join(import.meta.dirname, "..");

/** cdktf's note with the construct's path, which every resource has that came from a construct. */
const noteSchema = z.object({ metadata: z.object({ path: z.string() }) });
const terraformSchema = z.object({
  /** The stack's own note. */
  "//": z.object({ policy: reviewSchema.shape.policy }),
  terraform: z.object({
    backend: z.object({ local: z.object({ path: z.string() }).optional() }).default({}),
    encryption: z.unknown().optional(),
  }),
  variable: z.record(z.string(), z.unknown()).default({}),
  resource: z.record(z.string(), z.record(z.string(), z.object({ "//": noteSchema.optional() }))).default({}),
});

/** @param directory Where synthesis put the stack. */
export function readStack(environment: string, directory: string): SynthesizedStack {
  const json = readFileSync(join(directory, "cdk.tf.json"), "utf8");
  const { terraform, resource, variable, "//": note } = terraformSchema.parse(JSON.parse(json));
  const { local } = terraform.backend;
  return {
    environment,
    directory,
    digest: createHash("sha256").update(readableTerraform(json)).digest("hex"),
    paths: constructPaths(resource),
    variables: Object.keys(variable),
    localState: local && join(directory, local.path),
    isEncrypted: terraform.encryption !== undefined,
    policy: note.policy,
    synthesized: {
      terraform: parseObject(json) ?? {},
      workingDirectory: `\${path.root}/${relative(directory, REPOSITORY).split(sep).join("/")}`,
    },
  };
}

/** A stack's Terraform without the notes under "//": cdktf's version, construct paths, and what the policy says. */
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
