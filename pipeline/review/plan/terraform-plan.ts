import { z } from "zod";
import { Stop } from "../../../runtime/errors.ts";
import { oneLine } from "../../../runtime/text.ts";

/** Where Terraform's JSON marks something for a value and all that is in it: `true`, or the same for its parts. */
export type Mask = boolean | readonly Mask[] | { readonly [key: string]: Mask };

const mask: z.ZodType<Mask> = z.lazy(() => z.union([z.boolean(), z.array(mask), z.record(z.string(), mask)]));

// The objects are loose: what no rule knows must not get lost on the way, see not-analysed.ts.
const changeSchema = z.looseObject({
  /** `["no-op"]`, `["create"]`, `["read"]`, `["update"]`, `["delete"]`, `["forget"]`, or two of them for a replacement. */
  actions: z.array(z.string()),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  after_unknown: mask.default(false),
  before_sensitive: mask.default(false),
  after_sensitive: mask.default(false),
  replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).default([]),
  importing: z.looseObject({ id: z.string().optional() }).optional(),
});

const resourceChangeSchema = z.looseObject({
  address: z.string(),
  previous_address: z.string().optional(),
  /** Set for what an interrupted replacement left behind under the same address. */
  deposed: z.string().optional(),
  mode: z.string(),
  type: z.string(),
  change: changeSchema,
  action_reason: z.string().optional(),
});

const expressionSchema = z.looseObject({
  constant_value: z.unknown().optional(),
  references: z.array(z.string()).optional(),
});

const configuredResourceSchema = z.looseObject({
  address: z.string(),
  provisioners: z
    .array(z.looseObject({ type: z.string(), expressions: z.record(z.string(), z.unknown()).default({}) }))
    .default([]),
  expressions: z.record(z.string(), z.unknown()).default({}),
});

const moduleSchema = z.looseObject({
  resources: z.array(configuredResourceSchema).default([]),
  get module_calls() {
    return z.record(z.string(), moduleCallSchema).default({});
  },
});
const moduleCallSchema = z.looseObject({
  source: z.string().optional(),
  get module() {
    return moduleSchema.optional();
  },
});

const invocationSchema = z.looseObject({
  address: z.string(),
  config_values: z.unknown().optional(),
  config_sensitive: mask.default(false),
  config_unknown: mask.default(false),
  lifecycle_action_trigger: z
    .looseObject({ triggering_resource_address: z.string().optional(), action_trigger_event: z.string().optional() })
    .optional(),
});

/**
 * What `terraform show -json` tells of a saved plan, as far as a review needs it. It holds secrets in clear: only the
 * masks beside the values say which.
 *
 * @see https://developer.hashicorp.com/terraform/internals/json-format
 */
export const terraformPlanSchema = z.looseObject({
  // A minor version only adds; a new major version may mean something else by the same names.
  format_version: z
    .string()
    .regex(/^1\./, "must be 1.x: this project does not know a later format of Terraform's plans"),
  variables: z.record(z.string(), z.looseObject({ value: z.unknown().optional() })).default({}),
  resource_changes: z.array(resourceChangeSchema).default([]),
  resource_drift: z.array(resourceChangeSchema).default([]),
  output_changes: z.record(z.string(), changeSchema).default({}),
  /** Since Terraform 1.14: what providers do beside changing resources. */
  action_invocations: z.array(invocationSchema).default([]),
  deferred_action_invocations: z
    .array(z.looseObject({ reason: z.string().default("unknown"), action_invocation: invocationSchema }))
    .default([]),
  /** What Terraform could not plan yet. */
  deferred_changes: z
    .array(z.looseObject({ reason: z.string().default("unknown"), resource_change: resourceChangeSchema }))
    .default([]),
  checks: z
    .array(
      z.looseObject({
        address: z.looseObject({ to_display: z.string().default("a check") }).default({ to_display: "a check" }),
        status: z.string(),
        instances: z
          .array(z.looseObject({ problems: z.array(z.looseObject({ message: z.string().default("") })).default([]) }))
          .default([]),
      }),
    )
    .default([]),
  configuration: z
    .looseObject({ root_module: moduleSchema.default({ resources: [], module_calls: {} }) })
    .default({ root_module: { resources: [], module_calls: {} } }),
  /** Whether the plan does all that is described: not when it was targeted, or had to defer something. */
  complete: z.boolean().default(true),
  /** Whether planning ended with an error; what it got to before that is in here all the same. */
  errored: z.boolean().default(false),
});

export type TerraformPlan = z.output<typeof terraformPlanSchema>;
export type TerraformResourceChange = z.output<typeof resourceChangeSchema>;
export type TerraformChange = z.output<typeof changeSchema>;
export type ConfiguredModule = z.output<typeof moduleSchema>;
export type ConfiguredResource = z.output<typeof configuredResourceSchema>;

/** The address of what is configured: without the key of one instance of it, as in `null_resource.leave["srv-…"]`. */
export function configuredAddress(address: string): string {
  return address.replace(/\[[^\]]*\]$/, "");
}

const indexes = new WeakMap<TerraformPlan, ReadonlyMap<string, ConfiguredResource>>();

function configurationOf(plan: TerraformPlan, address: string): ConfiguredResource | undefined {
  const index =
    indexes.get(plan) ?? new Map(plan.configuration.root_module.resources.map((one) => [one.address, one] as const));
  indexes.set(plan, index);
  return index.get(configuredAddress(address));
}

/** What an attribute's expression refers to, such as `render_keyvalue.redis.id`; `undefined` when it is not set. */
export function referencesOf(plan: TerraformPlan, address: string, attribute: string): readonly string[] | undefined {
  const expressions = configurationOf(plan, address)?.expressions ?? {};
  if (!Object.hasOwn(expressions, attribute)) return undefined;
  const expression = expressionSchema.safeParse(expressions[attribute]);
  return expression.success ? (expression.data.references ?? []) : undefined;
}

/** Terraform's own JSON stays far below. Deeper, whoever goes through it by recursion has no stack left. */
const DEEPEST = 200;

/**
 * The plan in what `terraform show -json` printed.
 *
 * @throws Stop when it is none. It names places only: the values may be secrets.
 */
export function parseTerraformPlan(json: unknown): TerraformPlan {
  if (depthExceeds(json, DEEPEST)) throw unreadable(`it is nested more than ${DEEPEST} levels deep`);
  const plan = terraformPlanSchema.safeParse(json);
  if (plan.success) return plan.data;
  const [issue] = plan.error.issues;
  throw unreadable(`\`${issue?.path.join(".")}\` ${issue?.message}`);
}

function unreadable(reason: string): Stop {
  return new Stop("failed", `Terraform's plan cannot be read: ${oneLine(reason)}.`);
}

function depthExceeds(json: unknown, deepest: number): boolean {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return false;
}
