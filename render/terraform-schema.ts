// What the schema of Render's Terraform provider says of each attribute that is used here.

/** The version of the provider that this project follows. */
export const PROVIDER_VERSION = "1.9.1";

/** The type of an attribute, in Terraform's terms; nested attributes have attributes of their own. */
export type AttributeType =
  | "string"
  | "bool"
  | { readonly set: "string" | Attributes }
  | { readonly map: Attributes }
  | { readonly object: Attributes };

/** What a provider's schema says of one attribute. */
export interface Attribute {
  readonly type: AttributeType;
  /** It must be in the configuration. */
  readonly required?: true;
  /** It may be in the configuration. */
  readonly optional?: true;
  /** The provider gives it a value when the configuration does not. */
  readonly computed?: true;
  /** Terraform hides it in its output. It still stands in the state. */
  readonly sensitive?: true;
}

/** Attributes by their Terraform names. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** The `provider` block. */
export const PROVIDER_ATTRIBUTES: Attributes = {
  api_key: { type: "string", optional: true, sensitive: true },
  owner_id: { type: "string", optional: true },
  wait_for_deploy_completion: { type: "bool", optional: true },
  skip_deploy_after_service_update: { type: "bool", optional: true },
};

/** `render_keyvalue`. */
export const KEYVALUE_ATTRIBUTES: Attributes = {
  id: { type: "string", computed: true },
  name: { type: "string", required: true },
  plan: { type: "string", optional: true, computed: true },
  region: { type: "string", required: true },
  max_memory_policy: { type: "string", required: true },
  persistence_mode: { type: "string", optional: true, computed: true },
  environment_id: { type: "string", optional: true },
  ip_allow_list: {
    type: {
      set: {
        cidr_block: { type: "string", required: true },
        description: { type: "string", required: true },
      },
    },
    optional: true,
    computed: true,
  },
  log_stream_override: {
    type: {
      object: {
        setting: { type: "string", required: true },
        endpoint: { type: "string", optional: true, computed: true },
        token: { type: "string", optional: true, sensitive: true },
      },
    },
    optional: true,
    computed: true,
  },
  connection_info: {
    type: {
      object: {
        external_connection_string: { type: "string", computed: true, sensitive: true },
        internal_connection_string: { type: "string", computed: true, sensitive: true },
        cli_command: { type: "string", computed: true, sensitive: true },
      },
    },
    computed: true,
    sensitive: true,
  },
};

/** `render_env_group`. */
export const ENV_GROUP_ATTRIBUTES: Attributes = {
  id: { type: "string", computed: true },
  name: { type: "string", required: true },
  environment_id: { type: "string", optional: true },
  env_vars: {
    type: {
      map: {
        value: { type: "string", optional: true, computed: true, sensitive: true },
        generate_value: { type: "bool", optional: true, computed: true },
      },
    },
    optional: true,
  },
  secret_files: {
    type: { map: { content: { type: "string", required: true, sensitive: true } } },
    optional: true,
  },
};

/** `render_env_group_link`. */
export const ENV_GROUP_LINK_ATTRIBUTES: Attributes = {
  env_group_id: { type: "string", required: true },
  service_ids: { type: { set: "string" }, required: true },
};
