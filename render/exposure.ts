import ipaddr from "ipaddr.js";

/** A block of this many fixed bits or fewer holds millions of addresses: no office, no provider's range. */
const WIDE_OPEN_BITS = { ipv4: 8, ipv6: 16 } as const;

/** The CIDR blocks of an allow list that let in so much of the internet that only the password protects the data. */
export function openToTheWorld(blocks: readonly string[]): string[] {
  return blocks.filter((block) => {
    if (!ipaddr.isValidCIDR(block)) return false;
    const [address, bits] = ipaddr.parseCIDR(block);
    return bits <= WIDE_OPEN_BITS[address.kind()];
  });
}

/** Whether every address of one CIDR block is in the other. */
export function isWithin(inner: string, outer: string): boolean {
  if (inner === outer) return true;
  if (!ipaddr.isValidCIDR(inner) || !ipaddr.isValidCIDR(outer)) return false;
  const [address, bits] = ipaddr.parseCIDR(inner);
  const [network, mask] = ipaddr.parseCIDR(outer);
  return address.kind() === network.kind() && bits >= mask && address.match(network, mask);
}

/** Whether people depend on an environment, by its name: `production`, `prod`, `prod-eu`. */
export function isProduction(environment: string): boolean {
  return /^prod(uction)?(-|$)/.test(environment);
}
