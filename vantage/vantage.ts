import { explain, type FailureKind } from "../redis/explanations.ts";
import type { RenderClient } from "../render/api/client.ts";
import type { ConnectionInfo } from "../render/api/endpoints.ts";
import type { Deadline } from "../runtime/deadline.ts";
import type { Secrets } from "../runtime/secrets.ts";

/**
 * Where a Redis is looked at from: `external` through the allow list, over TLS; `inside` as a one-off job of a service in
 * Render's private network; `api-only` not at all.
 */
export const VANTAGES = ["external", "inside", "api-only"] as const;

export type Vantage = (typeof VANTAGES)[number];

/** Why a Redis could not be looked at, and what would help. */
export interface Obstacle {
  readonly reason: string;
  readonly remedy: string;
  /** Set when a connection was tried and failed. */
  readonly failure?: FailureKind;
}

/** The obstacle when a connection was tried and failed. */
export function noConnection(failure: FailureKind): Obstacle {
  const { what, remedy } = explain(failure);
  return { reason: `no connection: ${what} (${failure})`, remedy, failure };
}

/** A vantage that was not taken. */
export interface PassedOver {
  readonly vantage: Vantage;
  readonly reason: string;
}

/** What a program saw of the running Redis, or why it saw nothing. */
export type Sighting<Seen> = { readonly seen: Seen } | { readonly obstacle: Obstacle };

/** What was seen, and from where. */
export type Look<Seen> = Sighting<Seen> & {
  readonly vantage: Vantage;
  /** The vantages that were tried before, and why each was of no use. */
  readonly passedOver: readonly PassedOver[];
};

/** What looking from any vantage needs. */
export interface LookOptions {
  readonly client: RenderClient;
  /** The service whose one-off jobs run inside. */
  readonly serviceId?: string | undefined;
  /** The services that are asked, in this order, where nothing can look as a job of that one: a free plan, an image without a shell. */
  readonly otherServiceIds?: readonly string[] | undefined;
  readonly deadline: Deadline;
  /** Ends the looking: the deadline, or news that the instance is gone. */
  readonly signal: AbortSignal;
  readonly secrets: Secrets;
  readonly onProgress: (text: string) => void;
  /** How the instance is reached, where that is kept from look to look. Default: the API is asked. */
  readonly connectionInfo?: (() => Promise<ConnectionInfo>) | undefined;
}
