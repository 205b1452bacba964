import ipaddr from "ipaddr.js";
import { always, type Check } from "../check.ts";
import { fail, pass, warn } from "../finding.ts";

/** A block of this many fixed bits or fewer holds millions of addresses: no office, no provider's range. */
const WIDE_OPEN_BITS = { ipv4: 8, ipv6: 16 } as const;

const SOURCE = "API";

export const exposure: Check = {
  id: "exposure",
  title: "Exposure",
  proves: "From outside Render, only the addresses in the environment may connect.",
  applies: always,
  run({ expected, instance }) {
    const wanted = blocks(expected.ipAllowList);
    const actual = blocks(instance.ipAllowList);
    const evidence = { expected: describe(wanted), actual: describe(actual), source: SOURCE };
    const same = wanted.length === actual.length && wanted.every((block) => actual.includes(block));
    if (!same) {
      return fail(evidence, "The allow list was changed outside Terraform. Deploy again to restore it.");
    }
    if (!actual.some(isOpenToTheWorld)) return pass(evidence);
    const remedy =
      "Anyone may try passwords. Name the addresses in `redis.ipAllowList`, or empty it: inside needs none.";
    const open = { ...evidence, expected: "a list that is not open to the world" };
    return expected.environment.startsWith("prod") ? fail(open, remedy) : warn(open, remedy);
  },
};

/** Blocks in one spelling, each once: Render may answer in another order. */
function blocks(list: readonly { readonly cidrBlock: string }[]): string[] {
  return [...new Set(list.map(({ cidrBlock }) => normalize(cidrBlock)))].toSorted();
}

function normalize(block: string): string {
  if (!ipaddr.isValidCIDR(block)) return block;
  const [address, bits] = ipaddr.parseCIDR(block);
  return `${address.toString()}/${bits}`;
}

function isOpenToTheWorld(block: string): boolean {
  if (!ipaddr.isValidCIDR(block)) return false;
  const [address, bits] = ipaddr.parseCIDR(block);
  return bits <= WIDE_OPEN_BITS[address.kind()];
}

function describe(list: readonly string[]): string {
  return list.length === 0 ? "nobody" : list.join(", ");
}
