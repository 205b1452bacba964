import { z } from "zod";

const diagnosticSchema = z.object({
  severity: z.string(),
  summary: z.string(),
  detail: z.string().default(""),
  address: z.string().optional(),
});

/** What Terraform says was wrong. */
export type Diagnostic = z.output<typeof diagnosticSchema>;

const eventSchema = z.object({
  type: z.string(),
  "@message": z.string().default(""),
  hook: z
    .object({
      resource: z.object({ addr: z.string() }),
      /** What is done with the resource: `create`, `update`, `delete`. */
      action: z.string().optional(),
      /** A line that a provisioner printed. */
      output: z.string().optional(),
    })
    .optional(),
  diagnostic: diagnosticSchema.optional(),
});

/**
 * A line of Terraform's output with `-json`.
 *
 * @see https://developer.hashicorp.com/terraform/internals/machine-readable-ui
 */
export type TerraformEvent = z.output<typeof eventSchema>;

/** The event in a line; `undefined` for a line without one, such as a warning about the settings of the CLI. */
export function readEvent(line: string): TerraformEvent | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    // It is no JSON.
  }
  return undefined;
}

/** A diagnostic as people read it: what, where, and why. */
export function describeDiagnostic({ summary, detail, address }: Diagnostic): string {
  const where = address === undefined ? "" : ` (${address})`;
  return [`${summary}${where}`, ...(detail === "" ? [] : [detail.trim()])].join("\n");
}
