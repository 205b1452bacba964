import { expect, test } from "vitest";
import { isProduction, isWithin, openToTheWorld } from "../../render/exposure.ts";

test.each([
  ["0.0.0.0/0", true],
  ["0.0.0.0/1", true],
  ["10.0.0.0/8", true],
  ["10.0.0.0/9", false],
  ["::/0", true],
  ["2000::/16", true],
  ["2000::/17", false],
  ["192.0.2.7", false],
])("%s is open to the world: %s", (block, open) => {
  expect(openToTheWorld(["192.0.2.7/32", block])).toEqual(open ? [block] : []);
});

test.each([
  ["192.0.2.7/32", "192.0.2.0/24", true],
  ["192.0.2.0/24", "192.0.2.0/24", true],
  ["192.0.2.0/23", "192.0.2.0/24", false],
  ["192.0.3.7/32", "192.0.2.0/24", false],
  ["::1/128", "0.0.0.0/0", false],
  ["none", "0.0.0.0/0", false],
])("every address of %s is in %s: %s", (inner, outer, within) => {
  expect(isWithin(inner, outer)).toBe(within);
});

test.each([
  ["production", true],
  ["prod", true],
  ["prod-eu", true],
  ["production-eu", true],
  ["products", false],
  ["preprod", false],
  ["staging", false],
])("%s is production: %s", (environment, production) => {
  expect(isProduction(environment)).toBe(production);
});
