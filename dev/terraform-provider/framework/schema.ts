import type { Value } from "./value.ts";

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

/** An attribute, its constraints and its plan modifiers, all as data, so that it can be compared with published facts. */
export interface Attribute {
  readonly type: AttributeType;
  readonly required?: true;
  readonly optional?: true;
  /** The provider may set it. What the configuration leaves out is then unknown in a plan that changes anything. */
  readonly computed?: true;
  readonly sensitive?: true;
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
