import type { TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";
import { ENV_GROUP_LINK_ATTRIBUTES } from "../../render/terraform-schema.ts";
import { RenderResource } from "./render-resource.ts";

export interface EnvGroupLinkConfig extends TerraformMetaArguments {
  readonly envGroupId: string;
  /** At least one. The link is authoritative: it unlinks services that it knows and that are not listed. */
  readonly serviceIds: readonly string[];
}

/**
 * The link of an environment group to services (`render_env_group_link`); one for each group.
 *
 * A linked service reads the variables at its next deploy, which this does not start, and a variable set on the
 * service itself wins.
 *
 * @see https://registry.terraform.io/providers/render-oss/render/1.9.1/docs/resources/env_group_link
 */
export class EnvGroupLink extends RenderResource<EnvGroupLinkConfig> {
  constructor(scope: Construct, id: string, config: EnvGroupLinkConfig) {
    super(scope, id, "render_env_group_link", ENV_GROUP_LINK_ATTRIBUTES, config);
  }
}
