import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { type AttributeChange, attributeChanges } from "./attribute-change.ts";
import type { Mask, TerraformChange, TerraformResourceChange } from "./terraform-plan.ts";

/** What Terraform does with a resource. */
export const ACTIONS = ["create", "update", "delete", "replace", "forget", "no-op", "read", "unknown"] as const;

export type Action = (typeof ACTIONS)[number];

type Side = "before" | "after";
type Values = Readonly<Record<string, unknown>>;

/** One resource, or one output, in a plan: in the terms of the rules. */
export interface ResourceChange {
  readonly address: string;
  /** The resource's type; `output` for an output. */
  readonly type: string;
  readonly action: Action;
  /** The same as Terraform says it. */
  readonly actions: readonly string[];
  /** Terraform's reason for it, for example `replace_because_cannot_update`. */
  readonly reason: string | undefined;
  /** Whether it is what an interrupted replacement left behind, beside the one that took its place. */
  readonly isDeposed: boolean;
  /** The attributes that ask for a replacement. */
  readonly replacePaths: readonly string[];
  /** The address before a move. */
  readonly movedFrom: string | undefined;
  /** The id of an existing resource that Terraform takes over. */
  readonly importedId: string | undefined;
  /** In a replacement, whether the new one is created before the old one is destroyed. */
  readonly createsFirst: boolean;
  /** In a replacement, whether the old one stays on Render, forgotten. */
  readonly forgets: boolean;
  /** What differs, masked. */
  readonly attributes: readonly AttributeChange[];
  /** The values that are not sensitive. */
  readonly before: Values | undefined;
  readonly after: Values | undefined;
  /** Whether a text is of this form, sensitive or not. */
  matches(side: Side, path: readonly string[], form: RegExp): boolean;
  /** Whether it holds a text anywhere, sensitive or not. */
  holds(side: Side, text: string): boolean;
  /** Equal for equal texts, sensitive or not. With {@link matches} all that a rule may learn of a secret. */
  digestOf(side: Side, path: readonly string[]): string | undefined;
}

const values = z.record(z.string(), z.unknown()).nullish();

/** A resource's change, masked: what is sensitive leaves here only as a digest. */
export function toResourceChange({ address, type, change, ...planned }: TerraformResourceChange): ResourceChange {
  const raw = { before: values.safeParse(change.before).data, after: values.safeParse(change.after).data };
  const textAt = (side: Side, path: readonly string[]) => {
    const value = path.reduce<unknown>((parent, key) => values.safeParse(parent).data?.[key], raw[side]);
    return typeof value === "string" ? value : undefined;
  };
  return {
    address,
    type,
    action: actionOf(change.actions),
    actions: change.actions,
    reason: planned.action_reason,
    isDeposed: planned.deposed !== undefined,
    replacePaths: change.replace_paths.map((path) => path.join(".")),
    movedFrom: planned.previous_address,
    importedId: change.importing && (change.importing.id ?? "something that exists"),
    createsFirst: change.actions.length > 1 && change.actions[0] === "create",
    forgets: change.actions.includes("forget"),
    attributes: attributeChanges(change),
    before: visible(raw.before, change.before_sensitive),
    after: visible(raw.after, change.after_sensitive),
    matches: (side, path, form) => form.test(textAt(side, path) ?? ""),
    holds: (side, text) => text !== "" && JSON.stringify(raw[side] ?? "").includes(text),
    digestOf: (side, path) => {
      const text = textAt(side, path);
      return text === undefined ? undefined : createHmac("sha256", DIGEST_KEY).update(text).digest("hex");
    },
  };
}

/** An output as a change with one attribute, `value`. */
export function toOutputChange(name: string, change: TerraformChange): ResourceChange {
  const wrap = (value: unknown) => (value === null || value === undefined ? undefined : { value });
  const wrapped = {
    ...change,
    before: wrap(change.before),
    after: wrap(change.after),
    before_sensitive: { value: change.before_sensitive },
    after_sensitive: { value: change.after_sensitive },
    after_unknown: { value: change.after_unknown },
  };
  return toResourceChange({ address: `output.${name}`, type: "output", mode: "managed", change: wrapped });
}

/** Of this process alone, so that a digest says nothing to anybody else. */
const DIGEST_KEY = randomBytes(32);

/** By all that Terraform's actions can be today, and their order in a replacement. */
const ACTION_LISTS: ReadonlyMap<string, Action> = new Map([
  ...(["create", "update", "delete", "forget", "no-op", "read"] as const).map((action) => [action, action] as const),
  ["delete create", "replace"],
  ["create delete", "replace"],
  ["create forget", "replace"],
]);

function actionOf(actions: readonly string[]): Action {
  return ACTION_LISTS.get(actions.join(" ")) ?? "unknown";
}

/** The attributes without those that hold anything sensitive. */
function visible(all: Values | null | undefined, sensitive: Mask): Values | undefined {
  if (all === null || all === undefined || sensitive === true) return undefined;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !holdsTrue(own(sensitive, name))));
}

function own(mask: Mask, name: string): unknown {
  return typeof mask === "object" && Object.hasOwn(mask, name) ? Reflect.get(mask, name) : false;
}

function holdsTrue(mask: unknown): boolean {
  return mask === true || (typeof mask === "object" && mask !== null && Object.values(mask).some(holdsTrue));
}

/** Why Terraform replaces what the configuration leaves alone; empty when its attributes say it. */
export function reasonText({ reason, replacePaths }: ResourceChange): string {
  // What follows another resource is often replaced for what it says itself, too. That is the reason then.
  if (reason === "replace_by_triggers" && replacePaths.length > 0) return "";
  return REASONS.get(reason ?? "") ?? "";
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["replace_because_tainted", " It is marked as tainted: an earlier apply failed after creating it."],
  ["replace_by_request", " It was asked for with --replace."],
  ["replace_by_triggers", " Its replace_triggered_by names something that changes."],
]);

/** A text attribute; `undefined` when it is absent, unknown, sensitive or not a text. */
export function textOf(attributes: Values | undefined, name: string): string | undefined {
  const value = attributes?.[name];
  return typeof value === "string" ? value : undefined;
}

/** The changes of the attributes with these names, and of what is in them. */
export function causesOf(change: ResourceChange, names: readonly string[]): AttributeChange[] {
  return change.attributes.filter(({ attribute }) =>
    names.some((name) => attribute === name || attribute.startsWith(`${name}.`)),
  );
}
