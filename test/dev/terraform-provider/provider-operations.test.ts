import { encode } from "@msgpack/msgpack";
import { beforeEach, expect, test } from "vitest";
import type { Provider, Schema } from "../../../dev/terraform-provider/framework/schema.ts";
import { encodeDynamicValue } from "../../../dev/terraform-provider/protocol/messages.ts";
import { ProviderOperations } from "../../../dev/terraform-provider/protocol/server.ts";

const schema = {
  attributes: { id: { type: "string", computed: true }, size: { type: "string", optional: true } },
} satisfies Schema;

const broken = () => Promise.reject(new Error("out of order"));
const thing = { schema, create: broken, read: broken, update: broken, delete: broken };
const provider: Provider<string> = {
  schema: { attributes: {} },
  resources: { thing },
  configure: () => "connection",
};

const nothing = encodeDynamicValue(null);
const state = encodeDynamicValue({ id: "1", size: "small" });
const planned = encodeDynamicValue({ id: "1", size: "large" });
const outOfOrder = {
  severity: "ERROR",
  summary: "Unexpected error in the provider",
  detail: "out of order",
};

let operations: ProviderOperations<string>;
beforeEach(async () => {
  operations = new ProviderOperations(provider);
  await operations.configure({ config: encodeDynamicValue({}) });
});

test.each([
  ["creation", nothing, planned],
  ["update", state, planned],
  ["destruction", state, nothing],
])("after a failed %s the state is the one before", async (_, priorState, plannedState) => {
  const answer = await operations.apply({ typeName: "thing", priorState, plannedState });
  expect(answer).toEqual({ newState: priorState, diagnostics: [outOfOrder] });
});

test("a failed read says why", async () => {
  const answer = await operations.read({ typeName: "thing", currentState: state });
  expect(answer).toEqual({ diagnostics: [outOfOrder] });
});

test("resources wait for the configuration", async () => {
  const answer = await new ProviderOperations(provider).read({ typeName: "thing", currentState: state });
  expect(answer).toMatchObject({ diagnostics: [{ summary: "Provider not configured" }] });
});

test("an unknown type is refused with the types that there are", async () => {
  const answer = await operations.validateResource({ typeName: "thin", config: state });
  expect(answer).toMatchObject({ diagnostics: [{ detail: 'resource type must be one of thing, got: "thin".' }] });
});

test("the state of another version has the attributes of this one", async () => {
  const rawState = { json: Buffer.from(JSON.stringify({ id: "1", colour: "red" })) };
  const answer = await operations.upgradeState({ typeName: "thing", rawState });
  expect(answer).toEqual({ upgradedState: encodeDynamicValue({ id: "1", size: null }) });
});

test("a value that is not of the schema is refused without showing it", async () => {
  const answer = await operations.read({ typeName: "thing", currentState: { msgpack: encode({ id: ["s3cret"] }) } });
  expect(answer).toMatchObject({ diagnostics: [{ detail: "id is not a string, as the schema says." }] });
});

test("an import knows nothing but the id", async () => {
  const importable = new ProviderOperations({ ...provider, resources: { thing: { ...thing, importId: "id" } } });
  const answer = await importable.importState({ typeName: "thing", id: "1" });
  const imported = { id: "1", size: null };
  expect(answer).toEqual({ importedResources: [{ typeName: "thing", state: encodeDynamicValue(imported) }] });
});
