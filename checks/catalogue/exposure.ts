import ipaddr from "ipaddr.js";
import { isProduction, openToTheWorld } from "../../render/exposure.ts";
import { always, type Check } from "../check.ts";
import { fail, pass, warn } from "../finding.ts";

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
    if (openToTheWorld(actual).length === 0) return pass(evidence);
    const remedy =
      "Anyone may try passwords. Name the addresses in `redis.ipAllowList`, or empty it: inside needs none.";
    const open = { ...evidence, expected: "a list that is not open to the world" };
    return isProduction(expected.environment) ? fail(open, remedy) : warn(open, remedy);
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

function describe(list: readonly string[]): string {
  return list.length === 0 ? "nobody" : list.join(", ");
}
