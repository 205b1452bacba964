import { parseRedisUrl, type RedisAddress } from "../../redis/address.ts";
import type { FailureKind } from "../../redis/explanations.ts";
import { RedisFailure } from "../../redis/failure.ts";
import type { QueueLibrary } from "../../render/spellings.ts";
import { until } from "../../runtime/wait.ts";
import { observeCore } from "./core.ts";
import { observePubSub, observeQueueCommands, observeStranger } from "./experiments.ts";
import { proveEviction } from "./filling.ts";
import type { CoreObservation, Experiment, Observation } from "./observation.ts";

const PAUSES_MS = { first: 250, longest: 5_000 } as const;

/** What to look at. */
export interface ObservationTask {
  /** Beside the core. `proof` fills the instance, if it is empty. */
  readonly experiments: readonly Experiment[];
  /** The libraries whose commands the experiment `queue` tries. */
  readonly queues: readonly QueueLibrary[];
}

export interface ObserveOptions extends ObservationTask {
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Milliseconds from now in which trying again to connect is allowed. */
  readonly connectWithinMs: number;
  /** Where to connect instead of the URL's host. */
  readonly via?: RedisAddress["via"];
  /** Is told of each failed try that may be repeated. */
  readonly onRetry?: (failure: RedisFailure) => void;
}

/**
 * Looks at a Redis from where this process runs. Connects with back-off: an instance that Render has just called
 * available may take a few seconds more.
 *
 * @throws RedisFailure when no connection came about.
 */
export async function observe(url: string, options: ObserveOptions): Promise<Observation> {
  const address = { ...parseRedisUrl(url), via: options.via };
  const tookMs: NonNullable<Observation["tookMs"]> = {};
  const timed = async <T>(name: keyof typeof tookMs, work: Promise<T>): Promise<T> => {
    const begin = performance.now();
    return work.finally(() => {
      tookMs[name] = Math.round(performance.now() - begin);
    });
  };
  const core = await timed("core", settledCore(address, options));
  const tried = async <T>(
    name: Experiment,
    experiment: (address: RedisAddress, options: ObserveOptions) => Promise<T>,
  ) => (options.experiments.includes(name) ? timed(name, experiment(address, options)) : undefined);
  // First and alone: the proof fills the memory, and runs only while nobody else is connected.
  const proof = await tried("proof", proveEviction);
  const [stranger, pubSub, commands] = await Promise.all([
    tried("stranger", observeStranger),
    tried("pubSub", observePubSub),
    tried("queue", observeQueueCommands),
  ]);
  return { core, stranger, pubSub, proof, queue: commands === undefined ? undefined : { commands }, tookMs };
}

async function settledCore(address: RedisAddress, options: ObserveOptions): Promise<CoreObservation> {
  const { signal, connectWithinMs: withinMs } = options;
  let last: CoreObservation | RedisFailure = new RedisFailure("STOPPED");
  const settled = await until(
    async () => {
      const outcome = await observeCore(address, options).catch((error: unknown) => RedisFailure.fromSocket(error));
      // Report the last failure, not the deadline.
      if (outcome instanceof RedisFailure && outcome.kind === "STOPPED") return last;
      last = outcome;
      const unsettled = outcome instanceof RedisFailure ? outcome : forNow(outcome);
      if (!unsettled?.transient) return outcome;
      options.onRetry?.(unsettled);
      return undefined;
    },
    { signal, withinMs, ...PAUSES_MS },
  );
  const outcome = settled ?? last;
  if (outcome instanceof RedisFailure) throw outcome;
  return outcome;
}

/** A Redis that reads its data from disk, or is busy with a script, refuses what it is asked for a while. */
function forNow({ ping }: CoreObservation): RedisFailure | undefined {
  if (!("failure" in ping) || !FOR_NOW.includes(ping.failure)) return undefined;
  return new RedisFailure(ping.failure);
}

const FOR_NOW: readonly FailureKind[] = ["LOADING", "BUSY"];
