import { type ConfiguredModule, configuredAddress, type TerraformPlan } from "./terraform-plan.ts";

/** What is in a plan's JSON and no rule speaks of. */
export interface NotAnalysed {
  /** An address, or a place in the JSON: `configuration.root_module.actions`. */
  readonly address: string;
  readonly what: string;
}

/** The keys that are known at each place; in any other one there may be whatever a later Terraform would do. */
const KNOWN = {
  plan: [
    "format_version terraform_version variables planned_values resource_drift resource_changes output_changes prior_state",
    "configuration relevant_attributes checks timestamp applyable complete errored",
    "deferred_changes action_invocations deferred_action_invocations",
  ],
  resource: ["address previous_address module_address mode type name index provider_name deposed change action_reason"],
  change: [
    "actions before after after_unknown before_sensitive after_sensitive replace_paths importing",
    "before_identity after_identity",
  ],
  importing: ["id identity"],
  output: ["actions before after after_unknown before_sensitive after_sensitive replace_paths"],
  invocation: [
    "address type name config_values config_sensitive config_unknown provider_name lifecycle_action_trigger invoke_action_trigger",
  ],
  deferredInvocation: ["reason action_invocation"],
  deferred: ["reason resource_change"],
  configuration: ["provider_config root_module"],
  module: ["outputs resources module_calls variables"],
  call: ["source expressions count_expression for_each_expression module version_constraint depends_on"],
  configured: [
    "address mode type name provider_config_key provisioners expressions schema_version count_expression for_each_expression depends_on",
  ],
  provisioner: ["type expressions"],
} as const;

const SETS = new Map(Object.entries(KNOWN).map(([place, keys]) => [place, new Set(keys.join(" ").split(" "))]));

/** Everything in a plan that no rule has looked at, each once. */
export function notAnalysed(plan: TerraformPlan): NotAnalysed[] {
  const found = new Map<string, NotAnalysed>();
  const look = (place: keyof typeof KNOWN, at: string, object: object) => {
    for (const [key, value] of Object.entries(object)) {
      if (SETS.get(place)?.has(key) || isNothing(value)) continue;
      const address = at === "" ? key : `${at}.${key}`;
      found.set(address, { address, what: `No rule of this review knows \`${key}\`` });
    }
  };
  look("plan", "", plan);
  for (const [index, { address, change, ...rest }] of [...plan.resource_changes, ...plan.resource_drift].entries()) {
    const at = address === "" ? `resource_changes.${index}` : address;
    look("resource", at, rest);
    look("change", at, change);
    look("importing", `${at}.importing`, change.importing ?? {});
  }
  for (const [name, change] of Object.entries(plan.output_changes)) look("output", `output.${name}`, change);
  for (const invocation of plan.action_invocations) look("invocation", invocation.address, invocation);
  for (const one of plan.deferred_action_invocations) {
    look("deferredInvocation", one.action_invocation.address, one);
    look("invocation", one.action_invocation.address, one.action_invocation);
  }
  for (const one of plan.deferred_changes) look("deferred", one.resource_change.address, one);
  look("configuration", "configuration", plan.configuration);
  lookAtModule(plan.configuration.root_module, "");
  return [...found.values()];

  function lookAtModule(module: ConfiguredModule, path: string): void {
    look("module", path === "" ? "configuration" : path.slice(0, -1), module);
    for (const resource of module.resources) {
      const at = `${path}${configuredAddress(resource.address)}`;
      look("configured", at, resource);
      for (const [index, one] of resource.provisioners.entries())
        look("provisioner", `${at}.provisioner.${index}`, one);
    }
    for (const [name, call] of Object.entries(module.module_calls)) {
      look("call", `${path}module.${name}`, call);
      if (call.module !== undefined) lookAtModule(call.module, `${path}module.${name}.`);
    }
  }
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
}
