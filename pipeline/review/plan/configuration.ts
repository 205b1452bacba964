import { z } from "zod";

export type Json = Readonly<Record<string, unknown>>;

/** The Terraform behind a plan: what is written, where the plan's JSON tells only what comes of it. */
export interface Configuration {
  /** The blocks of the root module's files in JSON, file by file. */
  readonly root: readonly { readonly file: string; readonly blocks: Json }[];
  /** Files of the root module that nothing here can read, with their text. */
  readonly unread: readonly { readonly file: string; readonly text: string }[];
  /** The files of the other modules, by the module's key: `network`, `network.subnets`. */
  readonly modules: ReadonlyMap<string, readonly string[]>;
}

/** A block of the root module, such as a resource, with its address. */
export interface Block {
  readonly address: string;
  readonly type: string;
  readonly body: Json;
}

/** The one file that synthesis writes. */
export const SYNTHESIZED_FILE = "cdk.tf.json";

export const record = z.record(z.string(), z.unknown());

/** @param files As they lie in a plan's file: `m-/cdk.tf.json` in the root module, `m-network/main.tf` in another. */
export function readConfiguration(files: ReadonlyMap<string, string>): Configuration {
  const root: { file: string; blocks: Json }[] = [];
  const unread: { file: string; text: string }[] = [];
  const modules = new Map<string, string[]>();
  for (const [name, text] of files) {
    const [, key, file] = /^m-([^/]*)\/(.*)$/s.exec(name) ?? [];
    if (key === undefined || file === undefined) continue;
    if (key !== "") modules.set(key, [...(modules.get(key) ?? []), file]);
    else {
      const blocks = /\.(tf|tofu)\.json$/.test(file) ? parseObject(text) : undefined;
      if (blocks === undefined) unread.push({ file, text });
      else root.push({ file, blocks });
    }
  }
  return { root, unread, modules };
}

/** The object in a JSON text, without cdktf's notes; `undefined` when it is none. */
export function parseObject(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text, (key, value: unknown) => (key === "//" ? undefined : value));
    return record.safeParse(json).data;
  } catch {
    return undefined;
  }
}

/** Terraform takes one object or a list of them wherever it takes blocks. */
export function objects(value: unknown): Json[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one): Json[] => {
    const parsed = record.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}

/** Blocks with a type and a name: resources, data sources. @param kind As in the file: `resource`, `data`. */
export function blocksOf(blocks: Json, kind: string): Block[] {
  const prefix = kind === "resource" ? "" : `${kind}.`;
  return objects(blocks[kind]).flatMap((types) =>
    Object.entries(types).flatMap(([type, named]) =>
      objects(named).flatMap((names) =>
        Object.entries(names).flatMap(([name, bodies]) =>
          objects(bodies).map((body) => ({ address: `${prefix}${type}.${name}`, type, body })),
        ),
      ),
    ),
  );
}

/** Blocks with a name only: modules, checks. */
export function namedBlocksOf(blocks: Json, kind: string): Block[] {
  return objects(blocks[kind]).flatMap((names) =>
    Object.entries(names).flatMap(([name, bodies]) =>
      objects(bodies).map((body) => ({ address: `${kind}.${name}`, type: kind, body })),
    ),
  );
}
