import type { TlsFacts } from "../../redis/connection.ts";
import type { FailureKind } from "../../redis/failure.ts";

/** What one command brought: its reply, or why there was none. */
export type Answer = { readonly reply: string | number | null } | { readonly failure: FailureKind };

/**
 * What was seen of a running Redis. Plain data without a judgement in it: it is gathered where the Redis can be
 * reached, which may be a job inside Render's network, and judged by the checks here.
 */
export interface Observation {
  readonly core: CoreObservation;
  /** What PING brings on a connection that has not logged in. */
  readonly stranger?: Answer | undefined;
  readonly pubSub?: PubSubObservation | undefined;
  readonly queue?: QueueObservation | undefined;
  readonly proof?: ProofObservation | undefined;
}

/** Whether a message that was published came to the subscriber. */
export interface PubSubObservation {
  readonly delivered: Answer;
}

export interface QueueObservation {
  /** What became of a job in the commands that the libraries use; when it failed, at which. */
  readonly commands: Answer & { readonly command?: string | undefined };
  /** What became of a job in each library, where the libraries are. */
  readonly libraries?: readonly LibraryObservation[] | undefined;
}

export interface LibraryObservation {
  readonly library: "Bull" | "BullMQ";
  readonly outcome: Answer;
}

/** What filling the instance to its limit did. */
export type ProofObservation =
  | { readonly refused: string }
  | { readonly failure: FailureKind }
  | {
      /** What a small write brought once memory was full. */
      readonly canary: Answer;
      /** Keys that were written, how many of them grew to their size, and how many were still there at the end. */
      readonly created: number;
      readonly grown: number;
      readonly alive: number;
      /** By how much the server's count of evicted keys rose. */
      readonly evicted: number;
    };

/** What is looked at beside the core, on connections of its own, and only for a check that judges it. */
export type Experiment = Exclude<keyof Observation, "core">;

/** The answers to the one pipeline that most checks live on. */
export interface CoreObservation {
  readonly ping: Answer;
  /** Milliseconds of several round trips; fewer, or none, when the connection broke. */
  readonly latenciesMs: readonly number[];
  /** The text of `INFO`. */
  readonly info: Answer;
  /** `CONFIG GET maxmemory-policy`, which Render forbids. */
  readonly configuredPolicy: Answer;
  readonly write: WriteObservation;
  /** Absent on a connection without TLS. */
  readonly tls?: TlsFacts | undefined;
}

/** A value of our own that was written, read and deleted again. */
export interface WriteObservation {
  readonly value: string;
  readonly set: Answer;
  readonly get: Answer;
  /** Milliseconds that the key had left to live. */
  readonly ttl: Answer;
  readonly deleted: Answer;
}
