import { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";
import { PROVIDER_ATTRIBUTES, PROVIDER_VERSION } from "../../render/terraform-schema.ts";
import { toTerraformAttributes } from "./attributes.ts";

/** The provider and the one version whose schema these bindings follow: a fresh checkout has no lock file, and would take the newest. */
export const RENDER_PROVIDER = { providerName: "render", providerVersionConstraint: PROVIDER_VERSION } as const;

/** Left out, every one of these comes from the environment, where secrets belong. */
export interface RenderProviderConfig {
  /** `RENDER_API_KEY`. Written here it stands in clear in the synthesized Terraform. */
  readonly apiKey?: string;
  /** `RENDER_OWNER_ID`: the workspace (`tea-…` or `usr-…`). */
  readonly ownerId?: string;
  /** `RENDER_WAIT_FOR_DEPLOY_COMPLETION`: wait for the first deploy of a service that Terraform creates. */
  readonly waitForDeployCompletion?: boolean;
  /** `RENDER_SKIP_DEPLOY_AFTER_SERVICE_UPDATE`: don't deploy a service that Terraform updates. */
  readonly skipDeployAfterServiceUpdate?: boolean;
}

/**
 * Render's own Terraform provider.
 *
 * @see https://registry.terraform.io/providers/render-oss/render/1.9.1/docs
 */
export class RenderProvider extends TerraformProvider {
  readonly #config: RenderProviderConfig;

  constructor(scope: Construct, id: string, config: RenderProviderConfig = {}) {
    super(scope, id, {
      terraformResourceType: "render",
      terraformGeneratorMetadata: RENDER_PROVIDER,
      terraformProviderSource: "render-oss/render",
    });
    this.#config = config;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return toTerraformAttributes(PROVIDER_ATTRIBUTES, this.#config);
  }
}
