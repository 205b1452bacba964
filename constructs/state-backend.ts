import { TerraformBackend, type TerraformRemoteState } from "cdktf";
import type { Construct } from "constructs";
import { mistake } from "./mistake.ts";

/** A backend's type and its settings, in Terraform's own names. */
export interface StateBackendProps {
  /** `local`, `s3`, `gcs`, `azurerm`, `pg`, `http`, or `cloud` for HCP Terraform. */
  readonly type: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Where Terraform keeps the stack's state: a `backend` block, or a `cloud` block for HCP Terraform.
 *
 * cdktf's own classes know neither s3's lock file nor a cloud block without running Terraform at every synthesis.
 */
export class StateBackend extends TerraformBackend {
  readonly #settings: Readonly<Record<string, unknown>>;

  constructor(scope: Construct, props: StateBackendProps) {
    super(scope, "state.backend", props.type);
    this.#settings = props.settings;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...this.#settings };
  }

  override toTerraform(): unknown {
    return this.name === "cloud" ? { terraform: { cloud: this.synthesizeAttributes() } } : super.toTerraform();
  }

  /** Stacks here stand alone: an environment never reads another's state. */
  override getRemoteStateDataSource(_scope: Construct, _name: string, fromStack: string): TerraformRemoteState {
    throw mistake(`the state of "${fromStack}" must not be read from another stack`, this);
  }
}
