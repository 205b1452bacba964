import type * as real from "../../../render/terraform-schema.ts";
import type { ObjectValue, Value } from "./value.ts";

/** What a resource, or the provider block, is made of. */
export interface Schema {
  readonly attributes: Attributes;
}

export type Attributes = Readonly<Record<string, Attribute>>;

/** A primitive, a collection of strings, or nested attributes as one object, a set of objects or a map of objects. */
export type AttributeType =
  | "string"
  | "bool"
  | { readonly set: "string" | Attributes }
  | { readonly map: "string" | Attributes }
  | { readonly object: Attributes };

export interface Attribute extends Omit<real.Attribute, "type">, Behaviour {
  readonly type: AttributeType;
}

/** What no provider's schema shows: defaults, constraints and plan modifiers, as data. */
export interface Behaviour {
  /** Planned when the configuration leaves the attribute out. */
  readonly default?: string | boolean;

  /** Constraint: at least one character. */
  readonly nonEmpty?: true;
  /** Constraint: one of these texts. */
  readonly oneOf?: readonly string[];
  /** Widens `oneOf` by all texts that match. */
  readonly orMatches?: RegExp;
  /** Constraint: at least so many elements. */
  readonly minItems?: number;
  /** Constraint: this and the named attribute beside it are not both in the configuration. */
  readonly conflictsWith?: string;
  /** Constraint: this or the named attribute beside it is in the configuration. */
  readonly atLeastOneOf?: string;

  /** Plan modifier: a computed value that never changes once it is set, so it stays known in later plans. */
  readonly stateForUnknown?: true;
  /** Plan modifier: a change means a new resource. A function decides by what is configured and what was there. */
  readonly requiresReplace?: true | ((config: Value, prior: Value) => boolean);
}

/**
 * The real provider's attributes with what its schema does not show.
 *
 * @param behaviour By path, for example `log_stream_override.setting`.
 */
export function schemaOf(attributes: real.Attributes, behaviour: Readonly<Record<string, Behaviour>>): Schema {
  const inside = (nested: real.Attributes, prefix: string): Attributes =>
    Object.fromEntries(
      Object.entries(nested).map(([name, attribute]) => {
        const path = prefix + name;
        const type = typeOf(attribute.type, (further) => inside(further, `${path}.`));
        return [name, { ...attribute, ...behaviour[path], type }];
      }),
    );
  return { attributes: inside(attributes, "") };
}

function typeOf(type: real.AttributeType, inside: (nested: real.Attributes) => Attributes): AttributeType {
  if (typeof type === "string") return type;
  if ("object" in type) return { object: inside(type.object) };
  if ("map" in type) return { map: inside(type.map) };
  return { set: type.set === "string" ? type.set : inside(type.set) };
}

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
