import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Attribute, Attributes, AttributeType } from "../../../dev/terraform-provider/framework/schema.ts";
import { schema as nullResource } from "../../../dev/terraform-provider/null-provider.ts";
import { schema as envGroup } from "../../../dev/terraform-provider/render/env-group.ts";
import { schema as envGroupLink } from "../../../dev/terraform-provider/render/env-group-link.ts";
import { schema as keyValue } from "../../../dev/terraform-provider/render/keyvalue.ts";
import { ATTRIBUTES, BEHAVIOUR } from "./facts.ts";
import { redis, Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.open();
});
afterAll(() => workspace.close());

const flat = z.object({
  required: z.boolean().optional(),
  optional: z.boolean().optional(),
  computed: z.boolean().optional(),
  sensitive: z.boolean().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
});
const nested = z.object({ nesting_mode: z.string(), attributes: z.record(z.string(), flat) });
const attribute = flat.extend({ nested_type: nested.optional() });
const block = z.object({ block: z.object({ attributes: z.record(z.string(), attribute).default({}) }) });
const schemasJson = z.object({
  provider_schemas: z.record(
    z.string(),
    z.object({ provider: block, resource_schemas: z.record(z.string(), block).optional() }),
  ),
});

test("Terraform sees the attributes, types and flags of the real providers", async () => {
  const terraform = await workspace.fresh("schema");
  await terraform.write({ ...redis(), provider: { render: {} } });
  const { provider_schemas: seen } = schemasJson.parse(await terraform.json("providers", "schema"));
  const render = seen["registry.terraform.io/render-oss/render"];
  const shown = {
    "render-oss/render": render?.provider,
    ...render?.resource_schemas,
    ...seen["registry.terraform.io/hashicorp/null"]?.resource_schemas,
  };
  // The real provider has more resources.
  const known = Object.entries(shown).filter(([name]) => name in ATTRIBUTES);
  const found = known.map(([name, each]) => [name, describe(each?.block.attributes ?? {})]);
  expect(Object.fromEntries(found)).toEqual(ATTRIBUTES);
});

test.each([
  ["render_keyvalue", keyValue],
  ["render_env_group", envGroup],
  ["render_env_group_link", envGroupLink],
  ["null_resource", nullResource],
] as const)("%s has the defaults, constraints and plan modifiers of the real one", (name, schema) => {
  expect(behaviour(schema.attributes)).toEqual(BEHAVIOUR[name]);
});

function describe(attributes: Record<string, z.infer<typeof attribute>>, prefix = ""): Record<string, string> {
  const entries = Object.entries(attributes).flatMap(([name, each]) => {
    const type =
      each.nested_type?.nesting_mode ?? (Array.isArray(each.type) ? `${each.type[0]}(${each.type[1]})` : each.type);
    const set = (["required", "optional", "computed", "sensitive"] as const).filter((flag) => each[flag]);
    const inside = describe(each.nested_type?.attributes ?? {}, `${prefix}${name}.`);
    return [[`${prefix}${name}`, [type, ...set].join(" ")] as const, ...Object.entries(inside)];
  });
  return Object.fromEntries(entries);
}

function behaviour(attributes: Attributes, prefix = ""): Record<string, object> {
  const entries = Object.entries(attributes).flatMap(([name, each]) => {
    const own = ownBehaviour(each);
    const inside = Object.entries(behaviour(nestedAttributes(each.type), `${prefix}${name}.`));
    return Object.keys(own).length === 0 ? inside : [[`${prefix}${name}`, own] as const, ...inside];
  });
  return Object.fromEntries(entries);
}

function ownBehaviour({
  type: _,
  required: _r,
  optional: _o,
  computed: _c,
  sensitive: _s,
  ...rest
}: Attribute): object {
  return {
    ...rest,
    ...(rest.oneOf === undefined ? {} : { oneOf: rest.oneOf.toSorted() }),
    ...(rest.orMatches === undefined ? {} : { orMatches: rest.orMatches.source }),
    ...(typeof rest.requiresReplace === "function" ? { requiresReplace: "by values" } : {}),
  };
}

function nestedAttributes(type: AttributeType): Attributes {
  if (typeof type === "string") return {};
  const element = "object" in type ? type.object : "set" in type ? type.set : type.map;
  return element === "string" ? {} : element;
}
