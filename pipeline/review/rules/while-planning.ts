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
import { fieldsOf, text } from "./settings.ts";

/** Types of data sources and ephemeral resources that run a program, while Terraform plans. */
export const PROGRAMS = new Set(["external", "local_command"]);

/** The providers that a synthesis of ours names. A provider is a program, and planning runs it. */
const PROVIDERS = new Set(["render-oss/render", "hashicorp/null", "terraform.io/builtin/terraform"]);
const REGISTRY = /^registry\.(terraform\.io|opentofu\.org)\//;

/**
 * What runs while Terraform plans, before anybody can review it, and is not ours: programs of data sources and ephemeral
 * resources, other providers, and whatever stands where it cannot be read.
 *
 * @param locked The providers that `init` chose, by their addresses.
 */
export function whilePlanning(configuration: Configuration, locked: readonly string[] = []): Consequence[] {
  const { root, unread, modules } = configuration;
  return [
    ...root.flatMap(({ blocks }) => [
      ...programs(blocks),
      ...namedBlocksOf(blocks, "check").flatMap(({ body }) => programs(body)),
      ...namedBlocksOf(blocks, "module").map(({ address, body }) => {
        const key = address.slice("module.".length);
        const files = [...modules].flatMap(([own, names]) =>
          own === key || own.startsWith(`${key}.`) ? names.map((name) => `${own}/${name}`) : [],
        );
        const contains = files.length === 0 ? "." : `: ${files.join(", ")}.`;
        return code(
          address,
          `The module ${text(body.source)} is taken in, and nothing of it is this project's${contains}`,
          fieldsOf("module", body),
        );
      }),
    ]),
    ...unread.map(({ file, text: content }) =>
      code(file, "This file is part of the Terraform, synthesis did not write it, and no rule can read it.", [
        { attribute: file, after: content },
      ]),
    ),
    ...providers(
      root.map(({ blocks }) => blocks),
      locked,
    ),
  ];
}

function programs(blocks: Json): Consequence[] {
  return (["data", "ephemeral"] as const)
    .flatMap((kind) => blocksOf(blocks, kind))
    .filter(({ type }) => PROGRAMS.has(type))
    .map(({ address, type, body }: Block) =>
      code(address, `Runs a program (${type}) while Terraform plans.`, fieldsOf(type, body)),
    );
}

function providers(root: readonly Json[], locked: readonly string[]): Consequence[] {
  const required = new Map(
    root
      .flatMap(({ terraform }) => objects(terraform))
      .flatMap((settings) => objects(settings.required_providers))
      .flatMap((named) => Object.entries(named))
      .map(([name, value]) => [name, record.safeParse(value).data?.source] as const),
  );
  const types = root.flatMap((blocks) =>
    (["resource", "data", "ephemeral", "action"] as const).flatMap((kind) =>
      blocksOf(blocks, kind).map(({ type }) => type),
    ),
  );
  const configured = root.flatMap((blocks) =>
    namedBlocksOf(blocks, "provider").map(({ address }) => address.slice("provider.".length)),
  );
  // By Terraform's rules: the name of a type begins with its provider's, and without a source that is HashiCorp's.
  const names = new Set([...required.keys(), ...configured, ...types.map((type) => type.split("_")[0] ?? type)]);
  const sources = [...names].map((name) => {
    const source = required.get(name) ?? (name === "terraform" ? "terraform.io/builtin/terraform" : name);
    return sourceOf(text(source));
  });
  const foreign = new Set([...sources, ...locked.map(sourceOf)].filter((source) => !PROVIDERS.has(source)));
  return [...foreign].map((source) =>
    code(`provider.${source}`, `Planning runs the provider ${source}, which is none of this project's.`, []),
  );
}

function sourceOf(text: string): string {
  const address = text.toLowerCase().replace(REGISTRY, "");
  return address.includes("/") ? address : `hashicorp/${address}`;
}

function code(address: string, consequence: string, causes: Consequence["causes"]): Consequence {
  return { kind: "code", address, consequence, causes, acknowledge: true };
}
