import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KEYVALUE_ATTRIBUTES } from "../../../constructs/render/keyvalue.ts";
import { type Effect, PHRASES, SETTINGS } from "../../../pipeline/review/plan/effects.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

/** The docstring right above a property, as one line. */
function docstring(file: string, property: string): string | undefined {
  const source = readFileSync(join(REPOSITORY, file), "utf8");
  const found = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*(?:readonly )?${property}\\??:`).exec(source);
  return found?.[1]?.replaceAll(/\s*\n\s*\*\s?/g, " ");
}

/** The part of a docstring that says what changing the property does. */
function changing(text: string): string {
  return /Changing it.*/.exec(text)?.[0] ?? "";
}

/** "replaces the instance, which loses data" names two effects. */
function effectsIn(text: string): Effect[] {
  const phrases = Object.entries(PHRASES) as [Effect, string][];
  return phrases.filter(([, phrase]) => changing(text).includes(phrase)).map(([effect]) => effect);
}

const PLACES: [file: string, name: (setting: (typeof SETTINGS)[number]) => string][] = [
  ["constructs/redis-instance.ts", ({ property }) => property],
  ["environments/define.ts", ({ property }) => property],
];

describe.each(PLACES)("the docstrings in %s say what the review says", (file, name) => {
  test.each(
    SETTINGS.filter(({ property }) => property !== "logStreamOverride").map(
      (setting) => [setting.property, setting] as const,
    ),
  )("%s", (_property, setting) => {
    const text = docstring(file, name(setting));
    expect(text).toBeDefined();
    expect(effectsIn(text ?? "").toSorted()).toEqual([...setting.effects].toSorted());
  });
});

/** The provider's resource is told of in less words: there a replacement is not explained. */
test.each(SETTINGS.map((setting) => [setting.attribute, setting] as const))(
  "the docstring of the resource's %s says nothing else",
  (attribute, setting) => {
    const property = attribute.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const effects = effectsIn(docstring("constructs/render/keyvalue.ts", property) ?? "");
    expect(effects.length).toBeGreaterThan(0);
    for (const effect of effects) expect(setting.effects).toContain(effect);
  },
);

test("whether the instance is protected has no effect on data", () => {
  for (const file of ["constructs/redis-instance.ts", "environments/define.ts"]) {
    expect(effectsIn(docstring(file, "deletionProtection") ?? "")).toEqual(["none"]);
  }
});

test("every attribute that can be set is a setting of which the review knows what it does", () => {
  const settable = Object.entries(KEYVALUE_ATTRIBUTES)
    .filter(([, attribute]) => attribute.required || attribute.optional)
    .map(([name]) => name);
  expect(SETTINGS.map(({ attribute }) => attribute).toSorted()).toEqual(settable.toSorted());
});

test("whatever restarts says for how long", () => {
  for (const setting of SETTINGS) {
    expect("restart" in setting).toBe((setting.effects as readonly Effect[]).includes("restart"));
  }
});
