import { z } from "zod";

/** Where Terraform's JSON marks something for a value and all that is in it: `true`, or the same for its parts. */
export type Mask = boolean | readonly Mask[] | { readonly [key: string]: Mask };

const mask: z.ZodType<Mask> = z.lazy(() => z.union([z.boolean(), z.array(mask), z.record(z.string(), mask)]));

const changeSchema = z.object({
  /** `["no-op"]`, `["create"]`, `["read"]`, `["update"]`, `["delete"]`, `["forget"]`, or two of them for a replacement. */
  actions: z.array(z.string()),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  after_unknown: mask.default(false),
  before_sensitive: mask.default(false),
  after_sensitive: mask.default(false),
  replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).default([]),
  importing: z.object({ id: z.string().optional() }).optional(),
});

const resourceChangeSchema = z.object({
  address: z.string(),
  previous_address: z.string().optional(),
  /** Set for what an interrupted replacement left behind under the same address. */
  deposed: z.string().optional(),
  mode: z.enum(["managed", "data"]),
  type: z.string(),
  change: changeSchema,
  action_reason: z.string().optional(),
});

const expressionSchema = z.looseObject({
  constant_value: z.unknown().optional(),
  references: z.array(z.string()).optional(),
});

const configuredResourceSchema = z.object({
  address: z.string(),
  provisioners: z
    .array(z.object({ type: z.string(), expressions: z.record(z.string(), z.unknown()).default({}) }))
    .default([]),
  expressions: z.record(z.string(), z.unknown()).default({}),
});

/**
 * What `terraform show -json` tells of a saved plan, as far as a review needs it. It holds secrets in clear: only the
 * masks beside the values say which.
 *
 * @see https://developer.hashicorp.com/terraform/internals/json-format
 */
export const terraformPlanSchema = z.object({
  // A minor version only adds; a new major version may mean something else by the same names.
  format_version: z
    .string()
    .regex(/^1\./, "must be 1.x: this project does not know a later format of Terraform's plans"),
  resource_changes: z.array(resourceChangeSchema).default([]),
  resource_drift: z.array(resourceChangeSchema).default([]),
  output_changes: z.record(z.string(), changeSchema).default({}),
  configuration: z
    .object({
      root_module: z.object({ resources: z.array(configuredResourceSchema).default([]) }).default({ resources: [] }),
    })
    .default({ root_module: { resources: [] } }),
  /** Whether planning ended with an error; what it got to before that is in here all the same. */
  errored: z.boolean().default(false),
});

export type TerraformPlan = z.output<typeof terraformPlanSchema>;
export type TerraformResourceChange = z.output<typeof resourceChangeSchema>;
export type TerraformChange = z.output<typeof changeSchema>;

/** The address of what is configured: without the key of one instance of it, as in `null_resource.leave["srv-…"]`. */
export function configuredAddress(address: string): string {
  return address.replace(/\[[^\]]*\]$/, "");
}

function configurationOf(plan: TerraformPlan, address: string) {
  const configured = configuredAddress(address);
  return plan.configuration.root_module.resources.find((candidate) => candidate.address === configured);
}

/** What an attribute's expression refers to, such as `render_keyvalue.redis.id`; `undefined` when it is not set. */
export function referencesOf(plan: TerraformPlan, address: string, attribute: string): readonly string[] | undefined {
  const expression = expressionSchema.safeParse(configurationOf(plan, address)?.expressions[attribute]);
  return expression.success ? (expression.data.references ?? []) : undefined;
}

/** The commands that a resource runs when it is created; an empty one where only the apply tells what it is. */
export function provisionerCommands(plan: TerraformPlan, address: string): string[] {
  return (configurationOf(plan, address)?.provisioners ?? []).map(({ expressions }) => {
    const command = expressionSchema.safeParse(expressions.command).data?.constant_value;
    return typeof command === "string" ? command : "";
  });
}
