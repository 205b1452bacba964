import { isDeepStrictEqual } from "node:util";
import type { AttributeChange } from "../plan/attribute-change.ts";
import {
  type Block,
  blocksOf,
  type Configuration,
  type Json,
  namedBlocksOf,
  objects,
  record,
} from "../plan/configuration.ts";
import type { Consequence } from "./consequence.ts";
import { setting, text } from "./settings.ts";

/** The Terraform that reviewers saw before, or why it could not be had. */
export type Base = { readonly commit: string; readonly terraform: Json } | { readonly missing: string };

/** Blocks that change what Terraform knows of what there is. */
const TAKING_OVER = ["moved", "import", "removed"] as const;

/** What a resource may be given beside its settings. A change of any of these is seen in no plan. */
const META = ["depends_on", "count", "for_each", "provider"] as const;

/**
 * What later plans would no longer see, refuse or do as they did. What stands there now is judged by itself; what was removed
 * or changed, against the base.
 */
export function weakerOf(
  { root }: Configuration,
  base: Base | undefined,
  renames: ReadonlyMap<string, string> = new Map(),
): Consequence[] {
  // What could not be planned at all is not known.
  if (root.length === 0) return [];
  const old = base === undefined || "missing" in base ? undefined : renamed(base.terraform, renames);
  const resources = root.flatMap(({ blocks }) => blocksOf(blocks, "resource"));
  return [
    ...resources.flatMap(ignoring),
    ...root.flatMap(({ blocks }) => [...providers(blocks, old), ...takingOver(blocks, old, renames)]),
    ...(base !== undefined && "missing" in base ? [unjudged(base.missing)] : []),
    ...(old === undefined
      ? []
      : changedSince(
          old,
          root.map(({ blocks }) => blocks),
          resources,
        )),
  ];
}

function ignoring({ address, body }: Block): Consequence[] {
  return objects(body.lifecycle).flatMap(({ ignore_changes: ignored }) =>
    ignored === undefined || (Array.isArray(ignored) && ignored.length === 0)
      ? []
      : [
          weaker(address, "Later plans no longer show or repair these attributes.", [
            setting("lifecycle.ignore_changes", ignored),
          ]),
        ],
  );
}

/** A provider's settings decide whom Terraform asks, and as whom. Ours come from the environment. */
function providers(blocks: Json, old: Json | undefined): Consequence[] {
  return namedBlocksOf(blocks, "provider").flatMap(({ address, body }) => {
    const settings = Object.entries(body);
    if (settings.length === 0 || isIn(old, "provider", body)) return [];
    // A key that is written here is a secret by itself.
    const shown = settings.map(([name, value]) =>
      setting(name, /host|url|alias|region|timeout/.test(name) ? value : "(not shown)"),
    );
    return [
      weaker(address, "The provider takes its address or its key from here, no longer from the environment.", shown),
    ];
  });
}

/** What a renamed instance or service consists of. */
const RENAMED = /^(render_keyvalue|render_env_group|render_env_group_link|null_resource)\./;

/** Moves within a type that synthesis writes itself: a rename, which takes nothing over. */
export function renamesIn(synthesized: Json | undefined): ReadonlyMap<string, string> {
  const moves = objects(synthesized?.moved).map(({ from, to }) => [text(from), text(to)] as const);
  return new Map(
    moves.filter(
      ([from, to]) => RENAMED.exec(from)?.[1] !== undefined && RENAMED.exec(from)?.[1] === RENAMED.exec(to)?.[1],
    ),
  );
}

/** The same Terraform by today's names. */
function renamed(terraform: Json, renames: ReadonlyMap<string, string>): Json {
  if (renames.size === 0) return terraform;
  const types: Record<string, Record<string, Json>> = {};
  for (const { address, body } of blocksOf(terraform, "resource")) {
    const [type = "", name = ""] = (renames.get(address) ?? address).split(".");
    types[type] = { ...types[type], [name]: body };
  }
  const json = JSON.stringify({ ...terraform, resource: types });
  return record.parse(JSON.parse(json.replaceAll(/\b[a-z_]+\.[\w-]+/g, (address) => renames.get(address) ?? address)));
}

function takingOver(blocks: Json, old: Json | undefined, renames: ReadonlyMap<string, string>): Consequence[] {
  return TAKING_OVER.flatMap((kind) =>
    objects(blocks[kind])
      .filter((body) => !isIn(old, kind, body))
      .filter((body) => kind !== "moved" || renames.get(text(body.from)) !== text(body.to))
      .map((body) => {
        const address = text(body.to ?? body.from ?? kind);
        const fields = Object.entries(body).map(([name, value]) => setting(`${kind}.${name}`, value));
        return weaker(address, SENTENCES[kind], fields);
      }),
  );
}

const SENTENCES = {
  moved: "Terraform takes what it has under one address for what is described under another.",
  import: "Terraform takes over something that exists.",
  removed: "Terraform forgets something, or destroys it, because a block says so.",
} as const;

/** Whether the base has the same block already: then it was reviewed. */
function isIn(old: Json | undefined, kind: string, body: Json): boolean {
  if (old === undefined) return false;
  const known = kind === "provider" ? namedBlocksOf(old, kind).map((block) => block.body) : objects(old[kind]);
  return known.some((one) => isDeepStrictEqual(one, body));
}

function changedSince(old: Json, root: readonly Json[], resources: readonly Block[]): Consequence[] {
  const now = new Map(resources.map((block) => [block.address, block.body]));
  const settings = root.flatMap(({ terraform }) => objects(terraform));
  const before = objects(old.terraform);
  return [
    ...blocksOf(old, "resource").flatMap(({ address, body }) => {
      const fresh = now.get(address);
      if (fresh === undefined) {
        return body.provisioner === undefined
          ? []
          : [weaker(address, "This step is removed from the Terraform; what it did or proved is no longer done.", [])];
      }
      const changes = [...META.flatMap((name) => change(name, body[name], fresh[name])), ...lifecycle(body, fresh)];
      const isLess = objects(body.provisioner).length > 0 && objects(fresh.provisioner).length === 0;
      const lost = isLess ? [{ attribute: "provisioner", before: text(body.provisioner) }] : [];
      const all = [...changes, ...lost];
      return all.length === 0
        ? []
        : [weaker(address, "The order, the protection or a condition of this changes.", all)];
    }),
    ...(["backend", "cloud", "required_providers", "encryption"] as const).flatMap((name) => {
      const changes = change(name, lastOf(before, name), lastOf(settings, name));
      const isPlace = name === "backend" || name === "cloud";
      const sentence = isPlace
        ? "The state is kept somewhere else. Where it is not moved, everything is created again."
        : name === "encryption"
          ? "The encryption of the state or of plans changes."
          : "Other providers are taken, or other versions of them.";
      return changes.length === 0 ? [] : [weaker(`terraform.${name}`, sentence, changes)];
    }),
  ];
}

/** Files are merged: the last one that says something says it. */
function lastOf(settings: readonly Json[], name: string): unknown {
  return settings.findLast((one) => Object.hasOwn(one, name))?.[name];
}

function lifecycle(before: Json, fresh: Json): AttributeChange[] {
  const [old, now] = [before, fresh].map((body) => Object.assign({}, ...objects(body.lifecycle)));
  const [known, own] = [record.parse(old), record.parse(now)];
  return (
    [...new Set([...Object.keys(known), ...Object.keys(own)])]
      // Protection that is added takes nothing away; what is ignored is told by itself.
      .filter((name) => name !== "ignore_changes" && !(name === "prevent_destroy" && own[name] === true))
      .flatMap((name) => change(`lifecycle.${name}`, known[name], own[name]))
  );
}

function change(attribute: string, before: unknown, now: unknown): AttributeChange[] {
  if (isDeepStrictEqual(before, now)) return [];
  const sides = { before, after: now };
  const given = Object.entries(sides).filter(([, value]) => value !== undefined);
  return [{ attribute, ...Object.fromEntries(given.map(([side, value]) => [side, text(value)])) }];
}

function weaker(address: string, consequence: string, causes: readonly AttributeChange[]): Consequence {
  return { kind: "weaker", address, consequence, causes, acknowledge: true };
}

function unjudged(reason: string): Consequence {
  return {
    kind: "bookkeeping",
    address: "synthesized",
    consequence: `What was removed from the Terraform, or weakened in it, could not be judged: ${reason}.`,
    causes: [],
    acknowledge: false,
  };
}
