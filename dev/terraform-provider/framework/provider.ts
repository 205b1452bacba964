import type { Schema } from "./schema.ts";
import type { ObjectValue } from "./value.ts";

/**
 * A resource type: its schema, and what each operation does. `C` is what the provider's configuration gives it to
 * work with. An operation that fails throws a `DiagnosticError`, and Terraform keeps the state from before it.
 */
export interface Resource<C> {
  readonly schema: Schema;
  /** The attribute that holds the id given to `terraform import`; without it there is no import. */
  readonly importId?: string;
  /** Creates it, and returns the state: the planned one with every unknown value filled in. */
  create(connection: C, planned: ObjectValue): Promise<ObjectValue>;
  /** Its state now; null when it is gone, which Terraform reports as removed outside. */
  read(connection: C, prior: ObjectValue): Promise<ObjectValue | null>;
  update(connection: C, planned: ObjectValue, prior: ObjectValue): Promise<ObjectValue>;
  delete(connection: C, prior: ObjectValue): Promise<void>;
}

export interface Provider<C> {
  /** Of the `provider` block. */
  readonly schema: Schema;
  /** By type name. */
  readonly resources: Readonly<Record<string, Resource<C>>>;
  /**
   * What resources work with, for a provider block.
   *
   * @param signal Fires when Terraform is interrupted: calls in flight must end.
   * @throws DiagnosticError when the block does not suffice.
   */
  configure(config: ObjectValue, signal: AbortSignal): C;
}
