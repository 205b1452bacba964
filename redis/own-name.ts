import { randomBytes } from "node:crypto";

/** A name that nothing else in the Redis has. The braces keep all keys that begin with it on one node of a cluster. */
export function ownName(): string {
  return `{render-redis-check:${randomBytes(9).toString("base64url")}}`;
}
