import { randomInt } from "node:crypto";
import type { Provider, Resource, Schema } from "./framework/schema.ts";
import { equal, isObject, type Value } from "./framework/value.ts";

export const schema = {
  attributes: {
    id: { type: "string", computed: true, stateForUnknown: true },
    triggers: { type: { map: "string" }, optional: true, requiresReplace: valuesChange },
  },
} satisfies Schema;

/** A resource that is nothing but a place for provisioners, which run again when its triggers change. */
export const nullResource: Resource<null> = {
  schema,
  create: async (_, planned) => ({ ...planned, id: String(randomInt(2 ** 47)) }),
  read: async (_, prior) => prior,
  update: async (_, planned) => planned,
  delete: async () => {},
};

/** A trigger that appears without a value changes nothing: older versions of the provider did not store such. */
function valuesChange(config: Value, prior: Value): boolean {
  const [now, before] = [entries(config), entries(prior)];
  const appearedEmpty = (key: string) => !before.has(key) && now.get(key) === null;
  return (
    [...now].some(([key, value]) => !appearedEmpty(key) && !equal(value, before.get(key) ?? null)) ||
    [...before.keys()].some((key) => !now.has(key))
  );
}

function entries(value: Value): ReadonlyMap<string, Value> {
  return new Map(isObject(value) ? Object.entries(value) : []);
}

/** `hashicorp/null` 3.2.4, without its data source. */
export const nullProvider: Provider<null> = {
  schema: { attributes: {} },
  resources: { null_resource: nullResource },
  configure: () => null,
};
