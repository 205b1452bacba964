import { z } from "zod";
import { PASSPHRASE } from "../../../environments/state.ts";
import type { Mask, TerraformPlan } from "./terraform-plan.ts";

/** Shorter texts are no secrets: `true`, `8080`. */
const SHORTEST = 6;

const stateModule = z.object({
  resources: z.array(z.object({ values: z.unknown(), sensitive_values: z.custom<Mask>().default(false) })).default([]),
  get child_modules() {
    return z.array(stateModule).default([]);
  },
});
const stateSchema = z.object({ values: z.object({ root_module: stateModule }) });
const variableSchema = z.object({ sensitive: z.literal(true) });

/** Whether a variable's value is a secret: it is declared to be one, or it opens the state, whatever its declaration says. */
export function isSecretVariable(name: string, declared: unknown): boolean {
  return name === PASSPHRASE || variableSchema.safeParse(declared).success;
}

/** The texts that Terraform marks as sensitive anywhere in a plan, however deep they stand. */
export function* sensitiveValues(plan: TerraformPlan): Generator<string> {
  const changes = [...plan.resource_changes, ...plan.resource_drift].map(({ change }) => change);
  for (const change of [...changes, ...Object.values(plan.output_changes)]) {
    yield* masked(change.before, change.before_sensitive);
    yield* masked(change.after, change.after_sensitive);
  }
  for (const { config_values, config_sensitive } of plan.action_invocations)
    yield* masked(config_values, config_sensitive);
  // What data sources have read stands only here.
  const modules = [stateSchema.safeParse(plan.prior_state).data?.values.root_module];
  for (let module = modules.pop(); module !== undefined; module = modules.pop()) {
    for (const { values, sensitive_values } of module.resources) yield* masked(values, sensitive_values);
    modules.push(...module.child_modules);
  }
  const declared = Object(plan.configuration.root_module.variables);
  for (const [name, { value }] of Object.entries(plan.variables)) {
    if (isSecretVariable(name, declared[name])) yield* masked(value, true);
  }
}

function* masked(value: unknown, mask: Mask): Generator<string> {
  if (typeof value === "string") {
    if (mask === true && value.length >= SHORTEST) yield value;
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      const own = typeof mask === "object" && Object.hasOwn(mask, key) ? Reflect.get(mask, key) : false;
      yield* masked(part, mask === true || own);
    }
  }
}
