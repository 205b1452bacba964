import { setTimeout as sleep } from "node:timers/promises";
import type { Experiment, Observation } from "../checks/observation/observation.ts";
import { explain } from "../redis/failure-explanations.ts";
import type { RenderClient } from "../render/api/client.ts";
import { RenderApiError } from "../render/api/error.ts";
import { createJob, getJob, type Job } from "../render/api/job.ts";
import { listLogs } from "../render/api/log.ts";
import type { Deadline } from "../runtime/deadline.ts";
import type { Obstacle } from "./live.ts";
import { readProbeAnswer } from "./probe-answer.ts";
import { probeCommand } from "./probe-source.ts";

const POLL_MS = 500;
const SLOW_POLL_MS = 2_000;
/** A job's last lines may reach the log after its status says that it is over. */
const LOG_PATIENCE_MS = 10_000;
/** What the probe leaves of the time, for its log to be read. */
const RESERVE_MS = 2_000;

export interface InsideOptions {
  readonly client: RenderClient;
  readonly instanceId: string;
  readonly ownerId: string;
  readonly backendServiceId: string;
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
  readonly experiments: readonly Experiment[];
  readonly onProgress: (text: string) => void;
}

type Seen = { readonly observation: Observation } | { readonly obstacle: Obstacle };

/** Looks at the Redis from inside Render's private network, as a one-off job of the backend. */
export async function lookFromInside(options: InsideOptions): Promise<Seen> {
  const { client, backendServiceId, instanceId, deadline, experiments, onProgress } = options;
  try {
    onProgress("starting a one-off job");
    const withinMs = Math.max(1_000, deadline.remainingMs - RESERVE_MS);
    const command = await probeCommand({ instanceId, withinMs, experiments });
    const job = await over(options, await createJob(client, backendServiceId, command));
    onProgress("reading the job's log");
    return await answerOf(options, job);
  } catch (error) {
    if (options.signal.aborted)
      return { obstacle: { reason: "the job did not end in time", remedy: explain("STOPPED").remedy } };
    if (!(error instanceof RenderApiError)) throw error;
    const remedy =
      "One-off jobs need a paid backend that is not suspended, in the instance's region. Check the backend's service id.";
    return { obstacle: { reason: `no job inside: ${error.message}`, remedy } };
  }
}

async function over({ client, backendServiceId, signal, onProgress }: InsideOptions, created: Job): Promise<Job> {
  for (let job = created, pause = POLL_MS; ; pause = Math.min(pause * 1.5, SLOW_POLL_MS)) {
    if (job.status === "succeeded" || job.status === "failed" || job.status === "canceled") return job;
    onProgress(`the job is ${job.status ?? "pending"}`);
    await sleep(pause, undefined, { signal });
    job = await getJob(client, backendServiceId, created.id);
  }
}

async function answerOf({ client, ownerId, signal }: InsideOptions, job: Job): Promise<Seen> {
  for (let waited = 0; ; waited += POLL_MS) {
    const answer = readProbeAnswer(await listLogs(client, ownerId, job.id));
    if (answer !== undefined && "observation" in answer) return answer;
    if (answer !== undefined) {
      const { what, remedy } = explain(answer.failure);
      return { obstacle: { reason: `no connection: ${what} (${answer.failure})`, remedy, failure: answer.failure } };
    }
    if (waited >= LOG_PATIENCE_MS) {
      return {
        obstacle: {
          reason: `the job ${job.id} ${job.status ?? ""} without an answer in its log`,
          remedy:
            "The backend's image must have node (18 or newer) on its PATH. See the job's log in Render's dashboard.",
        },
      };
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
