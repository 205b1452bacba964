import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { canonicalJson } from "../../../runtime/canonical-json.ts";
import type { Mask, TerraformChange } from "./terraform-plan.ts";

export const attributeChangeSchema = z.strictObject({
  /** `plan`, or `env_vars.REDIS_URL.value`. */
  attribute: z.string(),
  /** The value, {@link HIDDEN} or {@link UNKNOWN}; absent when there is none. */
  before: z.string().optional(),
  after: z.string().optional(),
});

/** One attribute that a plan changes, in a form that may be shown to anybody. */
export type AttributeChange = Readonly<z.output<typeof attributeChangeSchema>>;

/** Stands for a value that Terraform marks as sensitive. */
export const HIDDEN = "(sensitive)";
/** Stands for a value that only the apply will tell. */
export const UNKNOWN = "(known after apply)";

/** Longer values say no more to a reviewer, and crowd out what does. */
const LONGEST = 200;

interface Leaf {
  readonly value: unknown;
  readonly sensitive: boolean;
  readonly unknown: boolean;
}

/**
 * The attributes in which before and after differ, by name in alphabetical order. The only place where values of a plan become
 * text: whatever either mask covers is shown as {@link HIDDEN}.
 */
export function attributeChanges(change: TerraformChange, longest = LONGEST): AttributeChange[] {
  const before = leaves(change.before, change.before_sensitive, false);
  const after = leaves(change.after, change.after_sensitive, change.after_unknown);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const hidden = new Set(names.filter((name) => before.get(name)?.sensitive || after.get(name)?.sensitive));
  return names.flatMap((attribute) => {
    const [old, fresh] = [before.get(attribute), after.get(attribute)];
    if (isDeepStrictEqual(old?.value ?? null, fresh?.value ?? null) && !fresh?.unknown) return [];
    // What one side hides as a whole may stand there part by part on the other.
    const sensitive = hidden.size > 0 && placesAbove(attribute).some((place) => hidden.has(place));
    return [{ attribute, ...shown("before", old, sensitive, longest), ...shown("after", fresh, sensitive, longest) }];
  });
}

/** A place and all that it lies in: `a.b`, `a`, and the whole. */
function placesAbove(attribute: string): string[] {
  const dots = [...attribute.matchAll(/\./g)].map(({ index }) => attribute.slice(0, index));
  return ["", ...dots, attribute];
}

function shown<Side extends "before" | "after">(
  side: Side,
  leaf: Leaf | undefined,
  sensitive: boolean,
  longest: number,
) {
  if (leaf === undefined || (leaf.value === null && !leaf.unknown)) return {};
  return { [side]: leaf.unknown ? UNKNOWN : sensitive ? HIDDEN : print(leaf.value, longest) };
}

function print(value: unknown, longest: number): string {
  const text = typeof value === "string" ? value : (canonicalJson(value) ?? "null");
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** Objects attribute by attribute; lists and sets as a whole, since their order says nothing. */
function leaves(value: unknown, sensitive: Mask, unknown: Mask, path: string[] = []): Map<string, Leaf> {
  const name = path.join(".");
  const unpacked = sensitive === false && unknown === false ? unpack(value) : undefined;
  if (unpacked !== undefined) return leaves(unpacked, false, false, path);
  if (sensitive === true || unknown === true) {
    return new Map([[name, { value, sensitive: sensitive === true, unknown: unknown === true }]]);
  }
  const isList = Array.isArray(value) || Array.isArray(sensitive) || Array.isArray(unknown);
  if (isList || (!isObject(value) && !isObject(unknown))) {
    return new Map([[name, { value: normalize(value), sensitive: covers(sensitive), unknown: covers(unknown) }]]);
  }
  const fields = isObject(value) ? value : {};
  const keys = new Set([...Object.keys(fields), ...(isObject(unknown) ? Object.keys(unknown) : [])]);
  return new Map(
    [...keys].flatMap((key) => [...leaves(fields[key], part(sensitive, key), part(unknown, key), [...path, key])]),
  );
}

/** The object in a JSON text. Triggers are texts, and of a description in one of them only what differs is of interest. */
function unpack(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith("{")) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isObject(parsed) && Object.keys(parsed).length > 0 ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Terraform's sets come in any order. */
function normalize(value: unknown): unknown {
  if (!Array.isArray(value)) return value ?? null;
  return value.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
}

function covers(mask: Mask): boolean {
  return typeof mask === "boolean" ? mask : Object.values(mask).some(covers);
}

function part(mask: Mask, key: string): Mask {
  if (typeof mask === "boolean") return mask;
  return isObject(mask) && Object.hasOwn(mask, key) ? (mask[key] ?? false) : false;
}

function isObject<T>(value: T): value is T & Readonly<Record<string, never>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
