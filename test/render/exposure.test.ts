import fc from "fast-check";
import { expect, test } from "vitest";
import { isProduction, isWithin, networkBehind, openToTheWorld } from "../../render/exposure.ts";

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

/** Both halves of a block, and so on down to blocks of this many bits. */
function split(network: bigint, bits: number, to: number, total: number): string[] {
  if (bits === to) {
    const bytes = network.toString(16).padStart(total / 4, "0");
    const text =
      total === 32
        ? bytes
            .match(/../g)
            ?.map((byte) => Number(`0x${byte}`))
            .join(".")
        : bytes.match(/..../g)?.join(":");
    return [`${text}/${bits}`];
  }
  const half = 1n << BigInt(total - bits - 1);
  return [...split(network, bits + 1, to, total), ...split(network + half, bits + 1, to, total)];
}

test.each<[what: string, blocks: string[], open: string[]]>([
  ["both halves of the world", ["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/1", "128.0.0.0/1"]],
  ["half of the world", ["::/1"], ["::/1"]],
  ["the world in 512 parts", split(0n, 0, 9, 32), split(0n, 0, 9, 32)],
  ["two halves of what is too much", ["10.0.0.0/9", "10.128.0.0/9"], ["10.0.0.0/9", "10.128.0.0/9"]],
  ["the same half twice", ["10.0.0.0/9", "10.1.0.0/16", "10.0.0.0/9"], []],
  ["host bits set", ["203.0.113.77/1"], ["203.0.113.77/1"]],
  ["IPv4 written as IPv6", ["::ffff:0.0.0.0/97", "::ffff:128.0.0.0/97"], ["::ffff:0.0.0.0/97", "::ffff:128.0.0.0/97"]],
  ["all IPv6 that is in use, in 8 parts", split(1n << 125n, 3, 6, 128), split(1n << 125n, 3, 6, 128)],
  ["a network of a provider", ["2600::/28", "192.0.2.0/24", "10.0.0.0/10"], []],
  ["a little of both kinds", ["10.0.0.0/9", "2000::/17"], []],
  ["what is no block", ["x/0", "0.0.0.0", "10.0.0.0/33"], []],
])("of a list, all blocks count together: %s", (_what, blocks, open) => {
  expect(openToTheWorld(blocks)).toEqual(expect.arrayContaining(open));
  expect(openToTheWorld(blocks)).toHaveLength(open.length);
});

test("however the world is cut into blocks, a list with all of them is open, and without one of 512 still is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), fc.constantFrom(32, 128), fc.nat(), (bits, total, index) => {
      const blocks = split(0n, 0, bits, total);
      expect(openToTheWorld(blocks)).toHaveLength(blocks.length);
      const most = blocks.filter((_, own) => own !== index % blocks.length);
      expect(openToTheWorld(most).length > 0).toBe(bits > 0);
    }),
    { numRuns: 40 },
  );
});

test.each([
  ["192.0.2.7/32", "192.0.2.0/24", true],
  ["192.0.2.0/24", "192.0.2.0/24", true],
  ["192.0.2.0/23", "192.0.2.0/24", false],
  ["192.0.2.0/23", "192.0.2.0/24 192.0.3.0/24", true],
  ["0.0.0.0/0", "0.0.0.0/1 128.0.0.0/1", true],
  ["192.0.3.7/32", "192.0.2.0/24", false],
  ["::1/128", "0.0.0.0/0", false],
  ["none", "0.0.0.0/0", false],
])("every address of %s is in %s: %s", (inner, list, within) => {
  expect(isWithin(inner, list.split(" "))).toBe(within);
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
  expect(isProduction({ name: environment })).toBe(production);
});

test.each([
  ["203.0.113.77/24", "203.0.113.0/24"],
  ["203.0.113.0/24", undefined],
  ["203.0.113.77/32", undefined],
  ["2001:db8::1/32", "2001:db8::/32"],
  ["2001:DB8::/32", undefined],
  ["none", undefined],
])("the network behind %s is %s", (block, network) => {
  expect(networkBehind(block)).toBe(network);
});
