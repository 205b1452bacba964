import { expect, test } from "vitest";
import { formatPath } from "../../../dev/terraform-provider/framework/diagnostic.ts";
import type { Schema } from "../../../dev/terraform-provider/framework/schema.ts";
import { validate } from "../../../dev/terraform-provider/framework/validation.ts";
import { type ObjectValue, UNKNOWN } from "../../../dev/terraform-provider/framework/value.ts";
import { schema as envGroup } from "../../../dev/terraform-provider/render/env-group.ts";
import { schema as envGroupLink } from "../../../dev/terraform-provider/render/env-group-link.ts";
import { schema as keyValue } from "../../../dev/terraform-provider/render/keyvalue.ts";
import { REDIS } from "./workspace.ts";

const group = { name: "backend" };

const PLANS = '["free" "pro" "pro_plus" "standard" "starter"]';

test.each<[ObjectValue, path: string, messages: string[]]>([
  [{ name: "" }, "name", ["Attribute name string length must be at least 1, got: 0"]],
  [{ name: null }, "name", ["Must set a configuration value for the name attribute"]],
  [
    { plan: "standrad" },
    "plan",
    [
      `Attribute plan value must be one of: ${PLANS}, got: "standrad"`,
      "Attribute plan value must match regular expression '^Custom.*$', got: standrad",
    ],
  ],
  [{ plan: "1g" }, "plan", ['got: "1g"', "got: 1g"]],
  [{ plan: "my Custom" }, "plan", ['got: "my Custom"', "got: my Custom"]],
  [{ region: "paris" }, "region", ['["frankfurt" "ohio" "oregon" "singapore" "virginia"], got: "paris"']],
  [
    { max_memory_policy: "allkeys-lru" },
    "max_memory_policy",
    ['must be one of: ["allkeys_lfu" "allkeys_lru" "allkeys_ra'],
  ],
  [
    { persistence_mode: "aof" },
    "persistence_mode",
    ['must be one of: ["journal_snapshot" "snapshot" "off"], got: "aof"'],
  ],
  [
    { log_stream_override: { setting: "keep" } },
    "log_stream_override.setting",
    ['Attribute log_stream_override.setting value must be one of: ["send" "drop"], got: "keep"'],
  ],
  [
    { ip_allow_list: [{ cidr_block: "1.1.1.1/32" }] },
    "ip_allow_list.description",
    ["Must set a configuration value for the ip_allow_list.description attribute"],
  ],
  [{ id: "red-1" }, "id", ["Cannot set value for this attribute as the provider has marked it as read-only."]],
  [{ connection_info: {} }, "connection_info", ["Cannot set value for this attribute"]],
])("render_keyvalue with %j", (change, path, messages) => {
  expectFound(validate(keyValue, { ...REDIS, ...change }), path, messages);
});

const BOTH =
  'Attribute "env_vars[\\"A\\"].value" cannot be specified when "env_vars[\\"A\\"].generate_value" is specified';

test.each<[ObjectValue, path: string, message: string]>([
  [{ env_vars: {} }, "env_vars", "Attribute env_vars map must contain at least 1 elements, got: 0"],
  [{ secret_files: {} }, "secret_files", "Attribute secret_files map must contain at least 1 elements, got: 0"],
  [{ env_vars: { A: { value: "s3cret", generate_value: true } } }, 'env_vars["A"].generate_value', BOTH],
  // Also false: the real provider looks only at whether it is set.
  [{ env_vars: { A: { value: "s3cret", generate_value: false } } }, 'env_vars["A"].generate_value', BOTH],
  [
    { env_vars: { A: {} } },
    'env_vars["A"].generate_value',
    'At least one attribute out of [env_vars["A"].generate_value.<.value] must be specified',
  ],
  [{ secret_files: { "a.txt": {} } }, 'secret_files["a.txt"].content', "Must set a configuration value for the"],
])("render_env_group with %j", (change, path, message) => {
  const found = validate(envGroup, { ...group, ...change });
  expectFound(found, path, [message]);
  expect(JSON.stringify(found)).not.toContain("s3cret");
});

/** The diagnostics are those of the real provider, word by word. */
function expectFound(found: ReturnType<typeof validate>, path: string, messages: readonly string[]): void {
  expect(found.map(({ detail }) => detail)).toEqual(messages.map((message) => expect.stringContaining(message)));
  for (const each of found) expect(formatPath(each.path ?? [])).toBe(path);
}

test.each<[Schema, ObjectValue]>([
  [keyValue, REDIS],
  [keyValue, { ...REDIS, plan: "Custom 20GB" }],
  [keyValue, { ...REDIS, name: UNKNOWN, plan: UNKNOWN, region: UNKNOWN, ip_allow_list: UNKNOWN }],
  [keyValue, { ...REDIS, ip_allow_list: [] }],
  [envGroup, { ...group, env_vars: { A: { value: UNKNOWN }, B: { generate_value: true } } }],
  [envGroup, { ...group, env_vars: { A: { value: UNKNOWN, generate_value: true } } }],
  [envGroupLink, { env_group_id: UNKNOWN, service_ids: UNKNOWN }],
  [envGroupLink, { env_group_id: "evg-1", service_ids: [UNKNOWN] }],
])("nothing is wrong in %#", (schema, config) => {
  expect(validate(schema, config)).toEqual([]);
});
