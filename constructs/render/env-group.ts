import type { TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";
import { ENV_GROUP_ATTRIBUTES } from "../../render/terraform-schema.ts";
import { RenderResource } from "./render-resource.ts";

/** A variable with a value, or one whose value Render makes up. */
export type EnvVar = { readonly value: string } | { readonly generateValue: true };

export interface EnvGroupConfig extends TerraformMetaArguments {
  readonly name: string;
  /** A group in an environment can be linked only to services in that environment. */
  readonly environmentId?: string;
  /** By name; at least one when given. */
  readonly envVars?: Readonly<Record<string, EnvVar>>;
  /** By file name; at least one when given. */
  readonly secretFiles?: Readonly<Record<string, { readonly content: string }>>;
}

/**
 * An environment group (`render_env_group`): variables that services share. Changing it deploys nothing.
 *
 * @see https://registry.terraform.io/providers/render-oss/render/1.9.1/docs/resources/env_group
 */
export class EnvGroup extends RenderResource<EnvGroupConfig> {
  constructor(scope: Construct, id: string, config: EnvGroupConfig) {
    super(scope, id, "render_env_group", ENV_GROUP_ATTRIBUTES, config);
  }

  /** `evg-…`, known after apply. */
  get id(): string {
    return this.getStringAttribute("id");
  }

  get name(): string {
    return this.getStringAttribute("name");
  }

  get environmentId(): string {
    return this.getStringAttribute("environment_id");
  }
}
