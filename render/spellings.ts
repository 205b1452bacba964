import { notOneOf } from "../runtime/invalid-value.ts";

/** What Redis does at its memory limit, in the spelling of Render's API and Terraform provider. */
export const EVICTION_POLICIES = [
  "noeviction",
  "allkeys_lfu",
  "allkeys_lru",
  "allkeys_random",
  "volatile_lfu",
  "volatile_lru",
  "volatile_random",
  "volatile_ttl",
] as const;

export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

/** The policy under which no accepted write is ever thrown away; Redis refuses new writes instead. */
export const NEVER_EVICT: EvictionPolicy = "noeviction";

/**
 * The policy that a text names: Render's underscores, Redis's hyphens, and `noevict` as people write it.
 *
 * @throws InvalidValue naming the policies and the nearest match.
 */
export function parseEvictionPolicy(text: string): EvictionPolicy {
  const spelling = text.trim().toLowerCase().replaceAll("-", "_");
  if (spelling === "noevict" || spelling === "no_eviction" || spelling === "no_evict") return NEVER_EVICT;
  const policy = EVICTION_POLICIES.find((known) => known === spelling);
  if (policy === undefined) throw notOneOf(EVICTION_POLICIES, text);
  return policy;
}

/** The spelling that Redis itself uses in `INFO memory` and `CONFIG GET`: `allkeys-lru`. */
export function redisSpelling(policy: EvictionPolicy): string {
  return policy.replaceAll("_", "-");
}
