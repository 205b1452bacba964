import ipaddr from "ipaddr.js";

/**
 * The share of all addresses from which on a list holds so many that no office and no provider's range needs them: one
 * in 256 of IPv4, one in 65,536 of IPv6. As numbers of addresses.
 */
const OPEN = { ipv4: 2n ** 24n, ipv6: 2n ** 112n } as const;
const BITS = { ipv4: 32, ipv6: 128 } as const;

/** Addresses, from the first to the one after the last. */
interface Range {
  readonly kind: "ipv4" | "ipv6";
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * The CIDR blocks by which an allow list lets in so much of the internet that only the password protects the data. What
 * counts is all of the list together: `0.0.0.0/1` with `128.0.0.0/1` is the world, as `0.0.0.0/0` is.
 *
 * @returns None when the list is not open; otherwise those of its blocks that are so large, or all where none is by itself.
 */
export function openToTheWorld(blocks: readonly string[]): string[] {
  const ranges = blocks.flatMap((block) => {
    const range = rangeOf(block);
    return range === undefined ? [] : [{ block, ...range }];
  });
  return (["ipv4", "ipv6"] as const).flatMap((kind) => {
    const own = ranges.filter((range) => range.kind === kind);
    if (addresses(own) < OPEN[kind]) return [];
    const open = own.filter(({ from, to }) => to - from >= OPEN[kind]);
    return (open.length > 0 ? open : own).map(({ block }) => block);
  });
}

/** Whether every address of one CIDR block is in the blocks of a list together. */
export function isWithin(inner: string, list: readonly string[]): boolean {
  if (list.includes(inner)) return true;
  const range = rangeOf(inner);
  if (range === undefined) return false;
  const outer = list.flatMap((block) => rangeOf(block) ?? []).filter(({ kind }) => kind === range.kind);
  return addresses([...outer, range]) === addresses(outer);
}

/** How many addresses the ranges have together, each counted once. */
function addresses(ranges: readonly Range[]): bigint {
  let [sum, end] = [0n, 0n];
  for (const { from, to } of ranges.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    if (to <= end) continue;
    sum += to - (from > end ? from : end);
    end = to;
  }
  return sum;
}

/** IPv4 written as IPv6 (`::ffff:0:0/96`) is IPv4. `undefined` for what is no CIDR block. */
function rangeOf(block: string): Range | undefined {
  if (!ipaddr.isValidCIDR(block)) return undefined;
  let [address, bits] = ipaddr.parseCIDR(block);
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96) {
    [address, bits] = [address.toIPv4Address(), bits - 96];
  }
  const kind = address.kind();
  const fixed = BITS[kind] - bits;
  const number = BigInt(`0x${Buffer.from(address.toByteArray()).toString("hex")}`);
  const from = (number >> BigInt(fixed)) << BigInt(fixed);
  return { kind, from, to: from + 2n ** BigInt(fixed) };
}

/** The network that a CIDR block with host bits stands for: of `203.0.113.77/24`, `203.0.113.0/24`. */
export function networkBehind(block: string): string | undefined {
  if (!ipaddr.isValidCIDR(block)) return undefined;
  const [address, bits] = ipaddr.parseCIDR(block);
  const { IPv4, IPv6 } = ipaddr;
  const network = (address.kind() === "ipv4" ? IPv4 : IPv6).networkAddressFromCIDR(block).toString();
  return network === address.toString() ? undefined : `${network}/${bits}`;
}

export interface NamedEnvironment {
  readonly name: string;
  readonly production?: boolean | undefined;
}

/** Whether people depend on an environment: as it says, otherwise by its name: `production`, `prod`, `prod-eu`. */
export function isProduction({ name, production }: NamedEnvironment): boolean {
  return production ?? /^prod(uction)?(-|$)/.test(name);
}
