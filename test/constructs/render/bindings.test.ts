import { TerraformOutput, TerraformVariable } from "cdktf";
import { expect, test } from "vitest";
import { EnvGroup } from "../../../constructs/render/env-group.ts";
import { EnvGroupLink } from "../../../constructs/render/env-group-link.ts";
import { Keyvalue } from "../../../constructs/render/keyvalue.ts";
import { RenderProvider } from "../../../constructs/render/render-provider.ts";
import {
  type Attribute,
  type Attributes,
  ENV_GROUP_ATTRIBUTES,
  ENV_GROUP_LINK_ATTRIBUTES,
  KEYVALUE_ATTRIBUTES,
  PROVIDER_ATTRIBUTES,
} from "../../../render/terraform-schema.ts";
import { ATTRIBUTES } from "../../dev/terraform-provider/facts.ts";
import { synthesize } from "../synthesize.ts";

test.each([
  ["render-oss/render", PROVIDER_ATTRIBUTES],
  ["render_keyvalue", KEYVALUE_ATTRIBUTES],
  ["render_env_group", ENV_GROUP_ATTRIBUTES],
  ["render_env_group_link", ENV_GROUP_LINK_ATTRIBUTES],
] as const)("the binding of %s is the provider's schema, attribute by attribute", (name, attributes) => {
  expect(Object.fromEntries(describe(attributes))).toEqual(ATTRIBUTES[name]);
});

test("every attribute that can be set reaches the Terraform in the provider's spelling", () => {
  const terraform = synthesize((stack) => {
    const keyvalue = new Keyvalue(stack, "kv", {
      name: "a",
      plan: "standard",
      region: "oregon",
      maxMemoryPolicy: "noeviction",
      persistenceMode: "snapshot",
      environmentId: "evm-1",
      ipAllowList: [{ cidrBlock: "192.0.2.1/32", description: "b" }],
      logStreamOverride: { setting: "send", endpoint: "logs.example:514", token: "t" },
    });
    const group = new EnvGroup(stack, "group", {
      name: "c",
      environmentId: "evm-1",
      envVars: { GIVEN: { value: "d" }, MADE: { generateValue: true } },
      secretFiles: { "e.txt": { content: "f" } },
    });
    new EnvGroupLink(stack, "link", { envGroupId: group.id, serviceIds: ["srv-1", keyvalue.id] });
  });

  expect(terraform.resource.render_keyvalue?.kv).toMatchObject({
    name: "a",
    plan: "standard",
    region: "oregon",
    max_memory_policy: "noeviction",
    persistence_mode: "snapshot",
    environment_id: "evm-1",
    ip_allow_list: [{ cidr_block: "192.0.2.1/32", description: "b" }],
    log_stream_override: { setting: "send", endpoint: "logs.example:514", token: "t" },
  });
  expect(terraform.resource.render_env_group?.group).toMatchObject({
    name: "c",
    environment_id: "evm-1",
    env_vars: { GIVEN: { value: "d" }, MADE: { generate_value: true } },
    secret_files: { "e.txt": { content: "f" } },
  });
  expect(terraform.resource.render_env_group_link?.link).toMatchObject({
    env_group_id: `\${render_env_group.group.id}`,
    service_ids: ["srv-1", `\${render_keyvalue.kv.id}`],
  });
});

test("what is left out stays out", () => {
  const terraform = synthesize((stack) => {
    new Keyvalue(stack, "kv", { name: "a", region: "oregon", maxMemoryPolicy: "noeviction" });
  });
  expect(Object.keys(terraform.resource.render_keyvalue?.kv ?? {}).sort()).toEqual([
    "//",
    "max_memory_policy",
    "name",
    "region",
  ]);
});

test("every attribute that the provider computes can be read", () => {
  const terraform = synthesize((stack) => {
    const keyvalue = new Keyvalue(stack, "kv", { name: "a", region: "oregon", maxMemoryPolicy: "noeviction" });
    const group = new EnvGroup(stack, "group", { name: "b" });
    const { id, name, plan, region, maxMemoryPolicy, persistenceMode, environmentId, connectionInfo } = keyvalue;
    new TerraformOutput(stack, "keyvalue", {
      value: [id, name, plan, region, maxMemoryPolicy, persistenceMode, environmentId],
    });
    new TerraformOutput(stack, "connection_info", {
      value: [
        connectionInfo.externalConnectionString,
        connectionInfo.internalConnectionString,
        connectionInfo.cliCommand,
      ],
    });
    new TerraformOutput(stack, "env_group", { value: [group.id, group.name, group.environmentId] });
  });
  expect(terraform.output.keyvalue?.value).toEqual(
    ["id", "name", "plan", "region", "max_memory_policy", "persistence_mode", "environment_id"].map(
      (attribute) => `\${render_keyvalue.kv.${attribute}}`,
    ),
  );
  expect(terraform.output.connection_info?.value).toEqual(
    ["external_connection_string", "internal_connection_string", "cli_command"].map(
      (attribute) => `\${render_keyvalue.kv.connection_info.${attribute}}`,
    ),
  );
  expect(terraform.output.env_group?.value).toEqual(
    ["id", "name", "environment_id"].map((attribute) => `\${render_env_group.group.${attribute}}`),
  );
});

test("the provider's settings reach the Terraform, a sensitive variable as a reference", () => {
  const terraform = synthesize((stack) => {
    const key = new TerraformVariable(stack, "key", { type: "string", sensitive: true });
    new RenderProvider(stack, "other", {
      apiKey: key.stringValue,
      ownerId: "tea-1",
      waitForDeployCompletion: true,
      skipDeployAfterServiceUpdate: false,
    });
  });
  expect(terraform.provider).toMatchObject({
    render: [
      {},
      {
        api_key: `\${var.key}`,
        owner_id: "tea-1",
        wait_for_deploy_completion: true,
        skip_deploy_after_service_update: false,
      },
    ],
  });
});

/** The form of the committed excerpt: type and flags by the attribute's path. */
function* describe(attributes: Attributes, prefix = ""): Generator<[string, string]> {
  for (const [name, attribute] of Object.entries(attributes)) {
    const flags = FLAGS.filter((flag) => attribute[flag] === true);
    yield [prefix + name, [typeName(attribute.type), ...flags].join(" ")];
    const nested = nestedAttributes(attribute.type);
    if (nested !== undefined) yield* describe(nested, `${prefix}${name}.`);
  }
}

function typeName(type: Attribute["type"]): string {
  if (typeof type === "string") return type;
  if ("object" in type) return "single";
  if ("map" in type) return "map";
  return type.set === "string" ? "set(string)" : "set";
}

function nestedAttributes(type: Attribute["type"]): Attributes | undefined {
  if (typeof type === "string") return undefined;
  if ("object" in type) return type.object;
  if ("map" in type) return type.map;
  return type.set === "string" ? undefined : type.set;
}

const FLAGS = ["required", "optional", "computed", "sensitive"] as const;
