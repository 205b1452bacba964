import { notOneOf } from "../runtime/errors.ts";

/** Render's regions. A Key Value instance is reachable internally only from services in its own region. */
export const REGIONS = ["frankfurt", "ohio", "oregon", "singapore", "virginia"] as const;

export type Region = (typeof REGIONS)[number];

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

/** The policy of a cache of which nothing else is said. */
export const CACHE_EVICTION: EvictionPolicy = "allkeys_lru";

/** What an instance is for. */
export const ROLES = ["queue", "cache"] as const;

export type Role = (typeof ROLES)[number];

/** The queue libraries of which it is known what they need of a Redis. */
export const QUEUE_LIBRARIES = ["bullmq", "bull", "celery", "sidekiq", "rq", "dramatiq"] as const;

export type QueueLibrary = (typeof QUEUE_LIBRARIES)[number];

/** The policy under which no accepted write is ever deleted; Redis refuses new writes instead. */
export const NEVER_EVICT: EvictionPolicy = "noeviction";

/**
 * How an instance keeps its data on disk.
 *
 * - `journal_snapshot`: append-only file synced every second, and snapshots. Render's default for paid plans.
 * - `snapshot`: snapshots only; what was written since the last one is lost in a crash.
 * - `off`: nothing; every restart begins empty. The only mode of the free plan.
 */
export const PERSISTENCE_MODES = ["journal_snapshot", "snapshot", "off"] as const;

export type PersistenceMode = (typeof PERSISTENCE_MODES)[number];

/** A name with Render's underscores or with the hyphens of Redis and of Render's Blueprints. */
export type WithHyphens<T extends string> = T extends `${infer A}_${infer B}` ? `${A}-${WithHyphens<B>}` : T;

/** @throws InvalidValue naming the regions and the nearest match. */
export function parseRegion(text: string): Region {
  return oneOf(REGIONS, text);
}

/**
 * The policy that a text names: Render's underscores, Redis's hyphens, and `noevict` as people write it.
 *
 * @throws InvalidValue naming the policies and the nearest match.
 */
export function parseEvictionPolicy(text: string): EvictionPolicy {
  return ["noevict", "no_eviction", "no_evict"].includes(spellingOf(text))
    ? NEVER_EVICT
    : oneOf(EVICTION_POLICIES, text);
}

/**
 * The mode that a text names; Render's Blueprints write `journal-snapshot`.
 *
 * @throws InvalidValue naming the modes and the nearest match.
 */
export function parsePersistenceMode(text: string): PersistenceMode {
  return oneOf(PERSISTENCE_MODES, text);
}

/** @throws InvalidValue */
export function parseRole(text: string): Role {
  return oneOf(ROLES, text);
}

/** @throws InvalidValue naming the libraries and the nearest match. */
export function parseQueueLibrary(text: string): QueueLibrary {
  return oneOf(QUEUE_LIBRARIES, text);
}

/** The spelling that Redis itself uses in `INFO memory` and `CONFIG GET`: `allkeys-lru`. */
export function redisSpelling(policy: string): string {
  return policy.replaceAll("_", "-");
}

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const name = known.find((candidate) => candidate === spellingOf(text));
  if (name === undefined) throw notOneOf(known, text);
  return name;
}

function spellingOf(text: string): string {
  return text.trim().toLowerCase().replaceAll("-", "_");
}

/** Whether cdktf puts a value into this text that only Terraform knows. Such a text cannot be judged here. */
export function holdsToken(text: unknown): boolean {
  return typeof text === "string" && text.includes("${TfToken[");
}
