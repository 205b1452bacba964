import type { Experiment, Observation } from "../checks/observation/observation.ts";
import { observe } from "../checks/observation/observe.ts";
import { parseRedisUrl } from "../redis/address.ts";
import { RedisFailure } from "../redis/failure.ts";
import { explain } from "../redis/failure-explanations.ts";
import type { Obstacle } from "./live.ts";

/** Looks at the Redis from this machine, over TLS and through the allow list. */
export async function lookFromOutside(
  url: string,
  options: {
    readonly signal: AbortSignal;
    readonly connectWithinMs: number;
    readonly experiments: readonly Experiment[];
    readonly onProgress: (text: string) => void;
  },
): Promise<{ readonly observation: Observation } | { readonly obstacle: Obstacle }> {
  try {
    const observation = await observe(url, {
      signal: options.signal,
      connectWithinMs: options.connectWithinMs,
      experiments: options.experiments,
      onRetry: ({ kind }) => options.onProgress(`connecting: ${explain(kind).what}`),
    });
    if (observation.queue === undefined) return { observation };
    // Most of what there is to load; a Redis that cannot be reached needs none of it.
    const { tryLibraries } = await import("../checks/queue/try-libraries.ts");
    const libraries = await tryLibraries(parseRedisUrl(url), options.signal);
    return { observation: { ...observation, queue: { ...observation.queue, libraries } } };
  } catch (error) {
    if (!(error instanceof RedisFailure)) throw error;
    const failure = error.kind;
    const { what, remedy } = explain(failure);
    return { obstacle: { reason: `no connection: ${what} (${failure})`, remedy, failure } };
  }
}
