import { type TerraformMetaArguments, TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import type { Attributes } from "../../render/terraform-schema.ts";
import { toTerraformAttributes } from "./attributes.ts";
import { RENDER_PROVIDER } from "./render-provider.ts";

/** A resource of Render's Terraform provider: its type, its schema, and what it is configured with. */
export abstract class RenderResource<Config extends TerraformMetaArguments> extends TerraformResource {
  readonly #attributes: Record<string, unknown>;

  constructor(scope: Construct, id: string, type: string, attributes: Attributes, config: Config) {
    super(scope, id, { ...config, terraformResourceType: type, terraformGeneratorMetadata: RENDER_PROVIDER });
    this.#attributes = toTerraformAttributes(attributes, config);
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return this.#attributes;
  }
}
