import { expect, test } from "vitest";
import { planChange } from "../../../dev/terraform-provider/framework/plan.ts";
import { type ObjectValue, UNKNOWN, type Value } from "../../../dev/terraform-provider/framework/value.ts";
import { schema as nullResource } from "../../../dev/terraform-provider/null-provider.ts";
import { schema as envGroup } from "../../../dev/terraform-provider/render/env-group.ts";
import { schema as keyValue } from "../../../dev/terraform-provider/render/keyvalue.ts";

const config: ObjectValue = {
  id: null,
  name: "cache",
  plan: null,
  region: "oregon",
  max_memory_policy: "noeviction",
  persistence_mode: null,
  environment_id: null,
  ip_allow_list: null,
  log_stream_override: null,
  connection_info: null,
};
const prior: ObjectValue = {
  ...config,
  id: "red-1",
  plan: "pro_plus",
  persistence_mode: "journal_snapshot",
  ip_allow_list: [],
  connection_info: { external_connection_string: "e", internal_connection_string: "i", cli_command: "c" },
};

test("a creation plans the default, and what only Render knows as unknown", () => {
  const { plannedState, requiresReplace } = planChange(keyValue, {
    config,
    priorState: null,
    proposedNewState: config,
  });
  expect(plannedState).toEqual({
    ...config,
    id: UNKNOWN,
    plan: "pro_plus",
    persistence_mode: UNKNOWN,
    ip_allow_list: UNKNOWN,
    log_stream_override: UNKNOWN,
    connection_info: UNKNOWN,
  });
  expect(requiresReplace).toEqual([]);
});

test("without a change everything stays known", () => {
  const { plannedState } = planChange(keyValue, { config, priorState: prior, proposedNewState: prior });
  expect(plannedState).toEqual(prior);
});

test("a change makes computed attributes unknown, but not the id", () => {
  const proposed = { ...prior, name: "new" };
  const { plannedState, requiresReplace } = planChange(keyValue, {
    config: { ...config, name: "new" },
    priorState: prior,
    proposedNewState: proposed,
  });
  expect(plannedState).toEqual({
    ...proposed,
    persistence_mode: UNKNOWN,
    ip_allow_list: UNKNOWN,
    log_stream_override: UNKNOWN,
    connection_info: UNKNOWN,
  });
  expect(requiresReplace).toEqual([]);
});

test("leaving the plan out goes back to the default", () => {
  const starter = { ...prior, plan: "starter" };
  const { plannedState } = planChange(keyValue, { config, priorState: starter, proposedNewState: starter });
  expect(plannedState).toMatchObject({ plan: "pro_plus" });
});

test("a nested attribute that is left out is unknown on its own", () => {
  const override = { setting: "drop", endpoint: null, token: null };
  const wanted = { ...config, log_stream_override: override };
  const { plannedState } = planChange(keyValue, { config: wanted, priorState: null, proposedNewState: wanted });
  expect(plannedState?.log_stream_override).toEqual({ setting: "drop", endpoint: UNKNOWN, token: null });
});

test("the order of the allow list is no change", () => {
  const [one, two] = [
    { cidr_block: "1.1.1.1/32", description: "one" },
    { cidr_block: "2.2.2.2/32", description: "two" },
  ];
  const { plannedState } = planChange(keyValue, {
    config: { ...config, ip_allow_list: [one, two] },
    priorState: { ...prior, ip_allow_list: [two, one] },
    proposedNewState: { ...prior, ip_allow_list: [one, two] },
  });
  expect(plannedState).toMatchObject({ connection_info: prior.connection_info });
});

test.each<[Value]>([["ohio"], [UNKNOWN]])("a change of region to %s asks for a replacement", (region) => {
  const { requiresReplace } = planChange(keyValue, {
    config: { ...config, region },
    priorState: prior,
    proposedNewState: { ...prior, region },
  });
  expect(requiresReplace).toEqual([[{ attributeName: "region" }]]);
});

test("a destruction plans nothing", () => {
  const change = planChange(keyValue, { config: null, priorState: prior, proposedNewState: null });
  expect(change).toEqual({ plannedState: null, requiresReplace: [] });
});

test("a generated value is unknown until Render made it, whatever the variable is called", () => {
  const group = { id: null, name: "g", environment_id: null, secret_files: null };
  const wanted = { ...group, env_vars: { constructor: { value: null, generate_value: true } } };
  const { plannedState } = planChange(envGroup, { config: wanted, priorState: null, proposedNewState: wanted });
  expect(plannedState?.env_vars).toEqual({ constructor: { value: UNKNOWN, generate_value: true } });
});

test.each<[string, ObjectValue | null, ObjectValue | null | typeof UNKNOWN, boolean]>([
  ["the same", { a: "1" }, { a: "1" }, false],
  ["a value changed", { a: "1" }, { a: "2" }, true],
  ["a value not known yet", { a: "1" }, { a: UNKNOWN }, true],
  ["one more", { a: "1" }, { a: "1", b: "2" }, true],
  ["one more without a value", { a: "1" }, { a: "1", b: null }, false],
  ["one fewer", { a: "1", b: "2" }, { a: "1" }, true],
  ["first ones", null, { a: "1" }, true],
  ["first ones, without values", null, { a: null }, false],
  ["none any more", { a: "1" }, null, true],
  ["all not known yet", { a: "1" }, UNKNOWN, true],
  ["none at all", null, null, false],
])("triggers: %s", (_, before, now, replace) => {
  const { requiresReplace } = planChange(nullResource, {
    config: { id: null, triggers: now },
    priorState: { id: "1", triggers: before },
    proposedNewState: { id: "1", triggers: now },
  });
  expect(requiresReplace).toEqual(replace ? [[{ attributeName: "triggers" }]] : []);
});
