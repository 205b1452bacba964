import { z } from "zod";
import { FAILURE_KINDS } from "../../redis/explanations.ts";
import { JOB_STATES } from "../../redis/queue-keys.ts";

const failure = z.enum(FAILURE_KINDS);
const number = z.int().min(0);

/** What one command brought: its reply, or why there was none. */
const answer = z.union([z.object({ reply: z.union([z.string(), z.number(), z.null()]) }), z.object({ failure })]);

/** The answers to the one pipeline that most checks live on. */
const core = z.object({
  ping: answer,
  /** Milliseconds of several round trips; fewer, or none, when the connection broke. */
  latenciesMs: z.array(z.number()),
  /** Why none of them was timed, where that is not the connection's fault. */
  untimed: z.string().optional(),
  /** The text of `INFO`. */
  info: answer,
  /** `CONFIG GET maxmemory-policy`, which Render forbids. */
  configuredPolicy: answer,
  /** A value of our own that was written, read and deleted again. `ttl` is in milliseconds. */
  write: z.object({ value: z.string(), set: answer, get: answer, ttl: answer, deleted: answer }),
  /** Absent on a connection without TLS. */
  tls: z.object({ protocol: z.string(), validTo: z.string() }).optional(),
});

/** What filling the instance to its limit did. */
const proof = z.union([
  z.object({ refused: z.string() }),
  z.object({ failure }),
  z.object({
    /** What a small write brought once memory was full. */
    canary: answer,
    /** Keys that were written, how many of them grew to their size, and how many were still there at the end. */
    created: number,
    grown: number,
    alive: number,
    /** By how much the server's count of evicted keys rose. */
    evicted: z.int(),
  }),
]);

/**
 * What was seen of a running Redis: plain data, without a judgement. It is gathered where the Redis can be reached, which may be a
 * job inside Render's network; the checks judge it on this machine.
 */
export const observationSchema = z.object({
  core,
  /** What PING brings on a connection that has not logged in. */
  stranger: answer.optional(),
  /** Whether a message that was published came to the subscriber. */
  pubSub: z.object({ delivered: answer }).optional(),
  queue: z
    .object({
      /** What became of a job in the commands that the libraries use; when it failed, at which. */
      commands: answer.and(z.object({ command: z.string().optional() })),
      /** What became of a job in each library, where the libraries are. */
      libraries: z.array(z.object({ library: z.enum(["Bull", "BullMQ"]), outcome: answer })).optional(),
    })
    .optional(),
  proof: proof.optional(),
  /** What queues take of a memory that is nearly full, where it was looked at from outside. */
  jobs: z
    .array(z.object({ queue: z.string(), version: z.string(), state: z.enum(JOB_STATES), jobs: number, bytes: number }))
    .optional(),
  /** Milliseconds that each took, waiting for the Redis included. */
  tookMs: z
    .object({ core: number, stranger: number, pubSub: number, queue: number, proof: number })
    .partial()
    .optional(),
});

export type Observation = z.infer<typeof observationSchema>;
export type CoreObservation = Observation["core"];
export type QueueObservation = NonNullable<Observation["queue"]>;
export type LibraryObservation = NonNullable<QueueObservation["libraries"]>[number];
export type ProofObservation = NonNullable<Observation["proof"]>;
export type Answer = z.infer<typeof answer>;

/** What is looked at beside the core, on connections of its own, and only for a check that judges it. */
export type Experiment = Exclude<keyof Observation, "core" | "jobs" | "tookMs">;
