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

test.each<[ObjectValue, string]>([
  [{ name: "" }, '`name` must have at least one character, got: "".'],
  [{ name: null }, "`name` is required, and is not set. Set it."],
  [{ plan: "standrad" }, 'got: "standrad". Did you mean "standard"?'],
  [
    { plan: "1g" },
    "`plan` must be one of free, starter, standard, pro, pro_plus, a text that matches ^Custom.*$, got:",
  ],
  [{ plan: "my Custom" }, 'got: "my Custom".'],
  [{ region: "paris" }, '`region` must be one of frankfurt, ohio, oregon, singapore, virginia, got: "paris".'],
  [{ max_memory_policy: "allkeys-lru" }, 'got: "allkeys-lru". Did you mean "allkeys_lru"?'],
  [{ persistence_mode: "aof" }, '`persistence_mode` must be one of journal_snapshot, snapshot, off, got: "aof".'],
  [
    { log_stream_override: { setting: "keep" } },
    '`log_stream_override.setting` must be one of send, drop, got: "keep".',
  ],
  [{ ip_allow_list: [{ cidr_block: "1.1.1.1/32" }] }, "`ip_allow_list.description` is required"],
  [{ id: "red-1" }, "`id` is set by the provider alone. Remove it from the configuration."],
  [{ connection_info: {} }, "`connection_info` is set by the provider alone."],
])("render_keyvalue with %j: %s", (change, message) => {
  const [found, ...others] = validate(keyValue, { ...REDIS, ...change });
  expect(found?.detail).toContain(message);
  expect(others).toEqual([]);
});

test.each<[ObjectValue, string]>([
  [{ env_vars: {} }, "`env_vars` must have at least 1 element, got: 0. Leave it out, or add one."],
  [{ secret_files: {} }, "`secret_files` must have at least 1 element"],
  [
    { env_vars: { A: { value: "s3cret", generate_value: true } } },
    '`env_vars["A"].generate_value` cannot be set together with value. Remove one of the two.',
  ],
  // Also false: the real provider looks only at whether it is set.
  [{ env_vars: { A: { value: "s3cret", generate_value: false } } }, "cannot be set together with value"],
  [{ env_vars: { A: {} } }, '`env_vars["A"].generate_value` or value is required, and neither is set.'],
  [{ secret_files: { "a.txt": {} } }, '`secret_files["a.txt"].content` is required'],
])("render_env_group with %j: %s", (change, message) => {
  const [found, ...others] = validate(envGroup, { ...group, ...change });
  expect(found?.detail).toContain(message);
  expect(found?.detail).not.toContain("s3cret");
  expect(formatPath(found?.path ?? [])).toBe(/`(.*?)`/.exec(found?.detail ?? "")?.[1]);
  expect(others).toEqual([]);
});

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
