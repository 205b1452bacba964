import type { Observation } from "../checks/observation/observation.ts";
import type { FailureKind } from "../redis/failure.ts";

/**
 * Where a live check runs from: `external` through the allow list, over TLS; `inside` as a one-off job of the backend in
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

/** A vantage that was not taken. */
export interface PassedOver {
  readonly vantage: Vantage;
  readonly reason: string;
}

/** What was seen of the running Redis, and from where. */
export type Live = {
  readonly vantage: Vantage;
  /** The vantages that come before it, and why each would not do. */
  readonly passedOver: readonly PassedOver[];
} & ({ readonly observation: Observation } | { readonly obstacle: Obstacle });
