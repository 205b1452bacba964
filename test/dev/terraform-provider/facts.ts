/**
 * What `terraform providers schema` shows for the real providers, render-oss/render 1.9.1 and hashicorp/null 3.2.4:
 * type and flags of every attribute, by its path.
 */
export const ATTRIBUTES = {
  "render-oss/render": {
    api_key: "string optional sensitive",
    owner_id: "string optional",
    wait_for_deploy_completion: "bool optional",
    skip_deploy_after_service_update: "bool optional",
  },
  render_keyvalue: {
    id: "string computed",
    name: "string required",
    plan: "string optional computed",
    region: "string required",
    max_memory_policy: "string required",
    persistence_mode: "string optional computed",
    environment_id: "string optional",
    ip_allow_list: "set optional computed",
    "ip_allow_list.cidr_block": "string required",
    "ip_allow_list.description": "string required",
    log_stream_override: "single optional computed",
    "log_stream_override.setting": "string required",
    "log_stream_override.endpoint": "string optional computed",
    "log_stream_override.token": "string optional sensitive",
    connection_info: "single computed sensitive",
    "connection_info.external_connection_string": "string computed sensitive",
    "connection_info.internal_connection_string": "string computed sensitive",
    "connection_info.cli_command": "string computed sensitive",
  },
  render_env_group: {
    id: "string computed",
    name: "string required",
    environment_id: "string optional",
    env_vars: "map optional",
    "env_vars.value": "string optional computed sensitive",
    "env_vars.generate_value": "bool optional computed",
    secret_files: "map optional",
    "secret_files.content": "string required sensitive",
  },
  render_env_group_link: {
    env_group_id: "string required",
    service_ids: "set(string) required",
  },
  null_resource: {
    id: "string computed",
    triggers: "map(string) optional",
  },
} as const;

/** What no schema output shows: defaults, constraints and plan modifiers. Attributes that are not here have none. */
export const BEHAVIOUR = {
  render_keyvalue: {
    id: { stateForUnknown: true },
    name: { nonEmpty: true },
    plan: {
      default: "pro_plus",
      oneOf: ["free", "pro", "pro_plus", "standard", "starter"],
      orMatches: "^Custom.*$",
    },
    region: { requiresReplace: true, oneOf: ["frankfurt", "ohio", "oregon", "singapore", "virginia"] },
    max_memory_policy: {
      oneOf: [
        "allkeys_lfu",
        "allkeys_lru",
        "allkeys_random",
        "noeviction",
        "volatile_lfu",
        "volatile_lru",
        "volatile_random",
        "volatile_ttl",
      ],
    },
    persistence_mode: { oneOf: ["journal_snapshot", "off", "snapshot"] },
    "log_stream_override.setting": { oneOf: ["drop", "send"] },
  },
  render_env_group: {
    name: { nonEmpty: true },
    env_vars: { minItems: 1 },
    "env_vars.generate_value": { default: false, conflictsWith: "value", atLeastOneOf: "value" },
    secret_files: { minItems: 1 },
  },
  render_env_group_link: { service_ids: { minItems: 1 } },
  null_resource: { id: { stateForUnknown: true }, triggers: { requiresReplace: "by values" } },
} as const;
