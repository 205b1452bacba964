import { parseRedisUrl } from "../redis/address.ts";
import { explain } from "../redis/explanations.ts";
import type { RedisFailure } from "../redis/failure.ts";
import type { QueueLibrary } from "../render/spellings.ts";
import type { Asking, FromHere } from "../vantage/program.ts";
import { observationDialogue } from "./observation/dialogue.ts";
import { observeJobs } from "./observation/jobs.ts";
import type { Experiment, Observation } from "./observation/observation.ts";
import { observe } from "./observation/observe.ts";

/** Observes a Redis: the core, and these experiments; of queues, what these libraries need. */
export function observation(
  experiments: readonly Experiment[],
  queues: readonly QueueLibrary[] = [],
): FromHere<Observation> & Asking<Observation> {
  return {
    async here(url, { signal, connectWithinMs, onProgress, via }) {
      const onRetry = ({ kind }: RedisFailure) => {
        onProgress(`connecting: ${explain(kind).what}`);
      };
      const observed = await observe(url, { signal, connectWithinMs, experiments, queues, onRetry, via });
      const jobs = await observeJobs({ ...parseRedisUrl(url), via }, observed.core, signal);
      const seen = jobs === undefined ? observed : { ...observed, jobs };
      // ioredis reads only what this project's own parser has accepted, and trusts a server with its stack.
      const isBull = (library: QueueLibrary) => library === "bull" || library === "bullmq";
      if (!queues.some(isBull) || seen.queue === undefined || "failure" in seen.queue.commands) return seen;
      // Large, and not needed for a Redis that cannot be reached.
      const { tryLibraries } = await import("./queue/try-libraries.ts");
      const begin = performance.now();
      const libraries = await tryLibraries(queues, { ...parseRedisUrl(url), via }, signal);
      const queue = (seen.tookMs?.queue ?? 0) + Math.round(performance.now() - begin);
      return { ...seen, queue: { ...seen.queue, libraries }, tookMs: { ...seen.tookMs, queue } };
    },
    dialogue: (instance) => observationDialogue(experiments, queues, instance),
  };
}
