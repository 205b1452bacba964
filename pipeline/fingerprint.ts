import { createHash, createHmac } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../runtime/canonical-json.ts";
import { oneLine } from "../runtime/text.ts";
import type { PlanFile } from "./plan-file.ts";
import { parseObject } from "./review/plan/configuration.ts";
import { isSecretVariable } from "./review/plan/sensitive-values.ts";
import type { Mask } from "./review/plan/terraform-plan.ts";

/** What an approval is tied to: everything that applying a plan would do, and nothing else. */
export interface Fingerprint {
  /** SHA-256, in hex, over all {@link fields}. */
  readonly sha256: string;
  /**
   * A digest of each value by what it belongs to and its place there, as `render_keyvalue.redis after.plan`. They tell
   * what differs between two plans, and stay private.
   */
  readonly fields: Fields;
  /** Whether sensitive values entered by their names only: without a state there is no key for them. */
  readonly secretsByName: boolean;
}

export type Fields = Readonly<Record<string, string>>;

/** What a fingerprint is made of. */
export interface FingerprintSubject {
  readonly environment: string;
  /** What `terraform show -json` tells of the plan, whole. */
  readonly json: unknown;
  readonly file: PlanFile;
  /** What the shell decides: variables of Terraform's own by name. */
  readonly shell: Readonly<Record<string, string>>;
}

/**
 * Keys of the plan's JSON that say nothing of what is applied: the time and the program's version; and what only repeats
 * the state, or the values of the changes.
 */
const NOT_APPLIED = new Set([
  "format_version",
  "terraform_version",
  "timestamp",
  "prior_state",
  "planned_values",
  "relevant_attributes",
  "resource_drift",
  "checks",
]);

const record = z.record(z.string(), z.unknown());
const mask = z.custom<Mask>((value) => value !== undefined).catch(false);
const changeSchema = z.looseObject({
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  before_sensitive: mask,
  after_sensitive: mask,
});
const planSchema = z.looseObject({
  resource_changes: z
    .array(z.looseObject({ address: z.string(), deposed: z.string().optional(), change: changeSchema }))
    .default([]),
  output_changes: z.record(z.string(), changeSchema).default({}),
  variables: record.default({}),
  configuration: z
    .looseObject({ root_module: z.looseObject({ variables: record.default({}) }).optional() })
    .default({}),
});

/**
 * The fingerprint of a plan. The same configuration, state and provider versions give the same one, on any commit, machine
 * and path, at any time, by anybody; another value anywhere in what is applied gives another.
 */
export function fingerprintOf({ environment, json, file, shell }: FingerprintSubject): Fingerprint {
  const { resource_changes, output_changes, variables, configuration, ...rest } = planSchema.parse(json);
  const { lineage } = file;
  const fields: Record<string, string> = {};
  const add = collector(fields, lineage);
  const addChange = (of: string, { before, after, before_sensitive, after_sensitive, ...change }: Change) => {
    add(of, "change", change);
    add(of, "before", before, before_sensitive);
    add(of, "after", after, after_sensitive);
  };

  add("environment", "name", environment);
  add("shell", "variables", shell);
  add("providers", "versions", file.providers);
  for (const [name, text] of file.configuration) addConfiguration(add, name, text);
  // Of a plan that cannot be opened, what Terraform tells of its configuration counts as well.
  if (file.isEncrypted) add("configuration", "json", configuration);
  for (const [name, value] of Object.entries(variables)) {
    add(`var.${name}`, "value", value, isSecretVariable(name, configuration.root_module?.variables[name]));
  }
  for (const { address, deposed, change, ...resource } of resource_changes) {
    const of = deposed === undefined ? address : `${address}(${deposed})`;
    add(of, "resource", resource);
    addChange(of, change);
  }
  for (const [name, change] of Object.entries(output_changes)) addChange(`output.${name}`, change);
  for (const [key, value] of Object.entries(rest)) if (!NOT_APPLIED.has(key)) add("plan", key, value);
  return { sha256: sha256Of(fields), fields, secretsByName: lineage === undefined };
}

type Change = z.output<typeof changeSchema>;
type Add = (of: string, place: string, value: unknown, secret?: Mask) => void;

/** The fields of a root module's configuration alone, to compare it with another one. */
export function fieldsOfConfiguration(configuration: PlanFile["configuration"]): Fields {
  const fields: Record<string, string> = {};
  for (const [name, text] of configuration) if (name.startsWith("m-/")) addConfiguration(collector(fields), name, text);
  return fields;
}

function collector(fields: Record<string, string>, lineage?: string): Add {
  return (of, place, value, secret = false) => {
    for (const [path, leaf, isSecret] of leaves(value, secret, place)) {
      let name = `${of} ${path}`;
      // No value may hide another one.
      while (Object.hasOwn(fields, name)) name += "'";
      // A short password could be found by trying: by value only with a key that nobody has who has not the state.
      const shown = isSecret && lineage === undefined ? "sensitive" : canonicalJson(leaf);
      fields[name] = createHmac("sha256", lineage ?? "")
        .update(shown)
        .digest("hex");
    }
  };
}

/** SHA-256, in hex, of all fields. */
export function sha256Of(fields: Fields): string {
  return createHash("sha256").update(canonicalJson(fields)).digest("hex");
}

/** What differs, in words for a refusal: `render_keyvalue.redis (plan), null_resource.redis_checks (provisioner)`. */
export function describeDifference(approved: Fields, found: Fields): string {
  const names = [...new Set([...Object.keys(approved), ...Object.keys(found)])].sort();
  const byAddress = new Map<string, Set<string>>();
  for (const name of names) {
    if (approved[name] === found[name]) continue;
    const split = name.lastIndexOf(" ");
    const [of, field] = [
      name.slice(0, split),
      name
        .slice(split + 1)
        .replace(SIDES, "")
        .replace(/'+$/, ""),
    ];
    const known = byAddress.get(of) ?? new Set();
    byAddress.set(of, field === "" ? known : known.add(field));
  }
  const all = [...byAddress].map(([of, places]) => (places.size === 0 ? of : `${of} (${first(6, [...places])})`));
  return oneLine(first(12, all));
}

const SIDES = /^(before|after|change\.after_unknown|change|resource|value|json|versions|variables)(\.|$)/;

function first(most: number, texts: readonly string[]): string {
  const rest = texts.length - most;
  return [...texts.slice(0, most), ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}

/** A file of the configuration. Of Terraform in JSON each block and each field counts, but not cdktf's notes in it. */
function addConfiguration(add: Add, name: string, text: string): void {
  const blocks = /^m-\/[^/]*\.tf\.json$/.test(name) ? parseObject(text) : undefined;
  if (blocks === undefined) add(name, "text", text);
  for (const [kind, block] of Object.entries(blocks ?? {})) {
    const named = record.safeParse(block).data;
    // One that is written twice in one file: Terraform would merge them.
    if (named === undefined) add(kind, "blocks", block);
    for (const [type, one] of Object.entries(named ?? {})) {
      const resources = kind === "resource" || kind === "data" ? record.safeParse(one).data : undefined;
      const prefix = kind === "resource" ? "" : `${kind}.`;
      if (resources === undefined) add(`${kind}.${type}`, "", one);
      else for (const [own, fields] of Object.entries(resources)) add(`${prefix}${type}.${own}`, "", fields);
    }
  }
}

/** A value's parts by their places: objects field by field, everything else, lists too, as a whole. */
function* leaves(
  value: unknown,
  secret: Mask,
  place: string,
): Generator<[place: string, value: unknown, secret: boolean]> {
  const parts = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  if (parts.length === 0) yield [place, value ?? null, isMarked(secret)];
  for (const [key, part] of parts) {
    const own = typeof secret === "boolean" ? secret : (Reflect.get(secret, key) ?? false);
    // A name may hold what divides names.
    const name = key.replaceAll(/[%. ']/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
    yield* leaves(part, own, place === "" ? name : `${place}.${name}`);
  }
}

function isMarked(mask: unknown): boolean {
  return mask === true || (typeof mask === "object" && mask !== null && Object.values(mask).some(isMarked));
}
