import type { KeyvalueConfig } from "../render/keyvalue.ts";

/** What the rules judge: an environment as it is about to be synthesized. */
export interface PolicySubject {
  readonly environment: string;
  /** Whether people depend on it. */
  readonly isProduction: boolean;
  /** Whether the backend keeps jobs in the Redis, which it is told by `ENABLE_QUEUES`. */
  readonly hasQueues: boolean;
  /** Where the backend runs, when the environment says so. */
  readonly backendRegion: string | undefined;
  /** The kind of backend that keeps the state. */
  readonly stateType: string;
  /** Every instance in the stack, as it is configured. */
  readonly instances: readonly { readonly address: string; readonly config: KeyvalueConfig }[];
}

/** One rule of the policy: a pure function, and what a person needs to agree or to object. */
export interface PolicyRule {
  /** What an exception names. Never changes. */
  readonly id: string;
  /** An error stops the synthesis; a warning stands in the review. */
  readonly severity: "error" | "warning";
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  /** What is wrong, with the value, as the end of a sentence; nothing when the rule holds or does not apply. */
  readonly violations: (subject: PolicySubject) => readonly string[];
}
