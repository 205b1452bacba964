import { propertyName } from "./field.ts";
import { type Change, type INSTANCE, INSTANCE_FIELDS, type Instance } from "./instance.ts";

type Camel<T extends string> = T extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : T;
type Fields = typeof INSTANCE;
type Attributes = {
  readonly [K in keyof Fields & keyof Instance as Fields[K] extends { readonly terraform: infer T extends string }
    ? Camel<T>
    : never]: Instance[K];
};

/** What Terraform is told of an instance: the configuration of `render_keyvalue`, by its names in TypeScript. */
export function attributesOf(instance: Instance): Attributes {
  const values = new Map<string, unknown>(Object.entries(instance));
  const entries = Object.entries(INSTANCE_FIELDS).flatMap(([name, { terraform }]) => {
    return terraform === undefined ? [] : [[propertyName(terraform), values.get(name)]];
  });
  return Object.fromEntries(entries) as Attributes;
}

/** Attributes of `render_keyvalue` that no environment sets; somebody's own construct may. */
const OTHER_ATTRIBUTES: Readonly<Record<string, Change>> = { log_stream_override: { changing: { none: "" } } };

/** What Terraform's attributes do when they change. */
export const ATTRIBUTES: ReadonlyMap<string, Change> = new Map([
  ...Object.values(INSTANCE_FIELDS).flatMap((field): [string, Change][] => {
    return field.terraform === undefined ? [] : [[field.terraform, field]];
  }),
  ...Object.entries(OTHER_ATTRIBUTES),
]);

/** What changing an attribute of `render_keyvalue`, or a part of it, does; `undefined` for what nobody sets. */
export function changeOf(attribute: string): Change | undefined {
  return ATTRIBUTES.get(attribute.split(".")[0] ?? "");
}
