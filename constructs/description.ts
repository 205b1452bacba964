import {
  DefaultTokenResolver,
  Fn,
  ref,
  StringConcat,
  TerraformLocal,
  TerraformStack,
  Token,
  Tokenization,
} from "cdktf";
import type { Construct } from "constructs";
import { separated } from "../render/field.ts";
import { escapeTemplate } from "./render/escape-template.ts";

/** What is told of an instance or a service, once and readable: an object under `locals`, which the steps refer to. */
export class Description extends TerraformLocal {
  readonly #key: string;
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(scope: Construct, key: string, fields: object) {
    super(scope, `local.${key}`, escaped(fields));
    this.overrideLogicalId(key);
    this.#key = key;
    this.#fields = new Map(Object.entries(fields));
  }

  /** As JSON, for a step to read. */
  get json(): string {
    return Fn.jsonencode(this.value());
  }

  /** For an expression: all of it, or a field. */
  value(field?: string): unknown {
    return Token.asAny(ref(`local.${this.#key}${field === undefined ? "" : `.${field}`}`));
  }

  /** A field as a text: itself, or as JSON; `undefined` where it is left out. */
  field(name: string): string | undefined {
    const field = this.#fields.get(name);
    if (field === undefined) return undefined;
    return typeof field === "string" ? Token.asString(this.value(name)) : Fn.jsonencode(this.value(name));
  }

  /** A trigger for each field, so that a step runs again when one of them changes. */
  triggers(without: readonly string[]): Record<string, string | undefined> {
    const names = [...this.#fields.keys()].filter((name) => !without.includes(name));
    return Object.fromEntries(names.map((name) => [separated(name, "_"), this.field(name)]));
  }

  /** Bytes of it as JSON, as Terraform writes it: with `<`, `>` and `&` as six each. */
  get bytes(): number {
    const text = JSON.stringify(Object.fromEntries(this.#fields));
    return Buffer.byteLength(text.replaceAll(/[<>&]/g, "\\u0000"));
  }

  has(name: string): boolean {
    return this.#fields.get(name) !== undefined;
  }
}

/** At most how many bytes a text has, once Terraform has put in the descriptions that it refers to. */
export function bytesOf(text: string, scope: Construct): number {
  const stack = TerraformStack.of(scope);
  const resolver = new DefaultTokenResolver(new StringConcat());
  const written: unknown = Tokenization.resolve(text, { scope: stack, resolver, preparing: true });
  if (typeof written !== "string") return 0;
  const described = stack.node.findAll().filter((one) => one instanceof Description);
  const referred = [...written.matchAll(/\blocal\.(\w+)/g)].map(([, key]) => key);
  return referred.reduce(
    (bytes, key) => bytes + (described.find(({ friendlyUniqueId }) => friendlyUniqueId === key)?.bytes ?? 0),
    Buffer.byteLength(written),
  );
}

/** A field of several descriptions as one text: of one, as it is there; of more, a list. */
export function fieldOfAll(all: readonly Description[], name: string): string | undefined {
  const [only, ...others] = all;
  if (others.length === 0) return only?.field(name);
  if (!all.some((one) => one.has(name))) return undefined;
  return Fn.jsonencode(all.map((one) => (one.has(name) ? one.value(name) : ref("null"))));
}

function escaped(value: unknown): unknown {
  if (typeof value === "string") return escapeTemplate(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null || Token.isUnresolved(value)) return value;
  const given = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(given.map(([name, entry]) => [name, escaped(entry)]));
}
