import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { propertyName } from "../../render/field.ts";
import { type Change, EFFECTS, type Effect, INSTANCE } from "../../render/instance.ts";
import { ATTRIBUTES } from "../../render/instance-attributes.ts";
import { KEYVALUE_ATTRIBUTES } from "../../render/terraform-schema.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const effects = z.array(z.enum(["none", "restarts", "loses", "replaces"] satisfies Effect[]));

/** What the docstring right above a property says of changing it: "replaces the instance, which loses data" names two effects. */
function toldIn(file: string, property: string): Effect[] {
  const source = readFileSync(join(REPOSITORY, file), "utf8");
  const found = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*(?:readonly )?${property}\\??:`).exec(source);
  const text = found?.[1]?.replaceAll(/\s*\n\s*\*\s?/g, " ") ?? "";
  const changing = /Changing it.*/.exec(text)?.[0] ?? "";
  return effects.parse(Object.keys(EFFECTS)).filter((effect) => changing.includes(EFFECTS[effect]));
}

function effectsOf({ changing }: Change): Effect[] {
  return effects.parse(Object.keys(changing));
}

/** Memory follows the plan; internal authentication is not changed from here. */
const FIELDS = Object.entries(INSTANCE).filter(([name]) => name !== "memory" && name !== "internalAuthentication");

test.each(FIELDS)("the docstring of %s says of a change what the review says", (name, field) => {
  expect(toldIn("render/instance.ts", name).toSorted()).toEqual(effectsOf(field).toSorted());
});

/** The provider's resource is told of in less words: there a replacement is not explained. */
test.each([...ATTRIBUTES])("the docstring of the resource's %s says nothing else", (attribute, change) => {
  const told = toldIn("constructs/render/keyvalue.ts", propertyName(attribute));
  expect(told.length).toBeGreaterThan(0);
  for (const effect of told) expect(effectsOf(change)).toContain(effect);
});

test("every attribute that can be set is one of which it is known what changing it does", () => {
  const settable = Object.entries(KEYVALUE_ATTRIBUTES)
    .filter(([, attribute]) => attribute.required || attribute.optional)
    .map(([name]) => name);
  expect([...ATTRIBUTES.keys()].toSorted()).toEqual(settable.toSorted());
});

test("whatever restarts says for how long", () => {
  for (const change of ATTRIBUTES.values()) expect("away" in change).toBe("restarts" in change.changing);
});
