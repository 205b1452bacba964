import { API, type Job } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { internalUrl } from "../render/internal-url.ts";
import { Deadline } from "../runtime/deadline.ts";
import { Stop } from "../runtime/errors.ts";
import { Secrets } from "../runtime/secrets.ts";
import { oneLine } from "../runtime/text.ts";
import { followJob, withVariable } from "../vantage/job.ts";
import { look } from "../vantage/look.ts";
import { type WaitingJobs, waitingJobs } from "../vantage/waiting-jobs.ts";
import type { StepContext } from "./deploy.ts";

/** What gives up what waits in an instance. */
export const GIVE_UP =
  "To lose it: remove the service's `drain` (backend.drainCommand) from the environment file, then run the same command again.";
/** Seconds for each count. A one-off job of Render's takes about 20 s to begin. */
const COUNT_SECONDS = 60;

export interface DrainOptions extends StepContext {
  readonly serviceId: string;
  /** The instance that is about to be destroyed. */
  readonly instanceId: string;
  /** The service's command that drains the Redis at `REDIS_URL`. */
  readonly command: string;
}

/**
 * Has the service drain an instance, by a one-off job inside Render's private network, and counts what waits before and after:
 * that the command ended well does not mean that it looked at this Redis.
 *
 * @throws Stop when it did not, so that the instance is not destroyed with what is in it; RenderApiError.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { client, serviceId, instanceId, command, signal, say } = options;
  const url = internalUrl(instanceId);
  const { internalConnectionString } = await client.call(API.getConnectionInfo, { id: instanceId });
  if (internalConnectionString !== url) {
    // A job's command is shown to every member of the workspace, so the password must not stand in it.
    throw new Stop(
      "failed",
      `${instanceId} asks for a password inside, so it cannot be drained from here. ` +
        `${byHand(instanceId, command)} with its internal URL.`,
    );
  }
  const before = await count(options);
  say(`${instanceId}: ${describe(before)}`);
  say(`draining ${instanceId}: running "${command}" as a one-off job`);
  const created = await client
    .call(API.createJob, { id: serviceId }, { startCommand: withVariable("REDIS_URL", url, command) })
    .catch((error: unknown) => {
      if (!(error instanceof RenderApiError)) throw error;
      throw new Stop("failed", `${error.message} ${kept(instanceId)} ${GIVE_UP}`);
    });
  let { status } = created;
  const onStatus = (now: string) => {
    status = now;
    say(`job ${created.id} is ${now}`);
  };
  const ended = await followJob(client, created, { signal, onStatus });
  if (ended === undefined) {
    throw new Stop(
      "failed",
      `The job ${created.id} is still ${status}. ${instanceId} is kept. Run the same command again.`,
    );
  }
  if (ended.status !== "succeeded") {
    throw new Stop(
      "failed",
      // Its log is not shown: it is the service's own, with whatever that prints.
      `The job ${created.id} that drains ${instanceId} ${outcomeOf(ended)}. Its log in Render's dashboard says why; the command ` +
        `runs in sh, which the service's image must have. ${kept(instanceId)} ${byHand(instanceId, command)}. ${GIVE_UP}`,
    );
  }
  // What could not be seen before cannot be seen now.
  const after = typeof before === "string" ? before : await count(options);
  if (typeof after === "string") {
    say(`${instanceId} is drained, as the command says; ${describe(after)}`);
    return;
  }
  if (sum(after) === 0) {
    say(`${instanceId} is drained: no jobs left`);
    return;
  }
  throw new Stop(
    "failed",
    `The job ${ended.id} succeeded, and yet ${describe(after)} in ${instanceId} (before: ${describe(before)}). ` +
      `Does "${command}" read REDIS_URL? ${kept(instanceId)} ${byHand(instanceId, command)}. ${GIVE_UP}`,
  );
}

/** The jobs that wait, by queue; or why they could not be counted. */
async function count({ client, serviceId, instanceId, signal }: DrainOptions): Promise<WaitingJobs | string> {
  const deadline = new Deadline(COUNT_SECONDS);
  const stop = () => deadline.stop("stopped");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const instance = await client.call(API.getKeyValue, { id: instanceId });
    const looking = {
      client,
      serviceId,
      deadline,
      signal: deadline.signal,
      secrets: new Secrets(),
      onProgress: () => {},
    };
    const seen = await look(waitingJobs, instance, "auto", looking);
    return "seen" in seen ? seen.seen : seen.obstacle.reason;
  } catch (error) {
    if (!(error instanceof RenderApiError)) throw error;
    return error.message;
  } finally {
    deadline.stop("counted");
    signal.removeEventListener("abort", stop);
  }
}

function sum(jobs: WaitingJobs): number {
  return Object.values(jobs).reduce((total, number) => total + number, 0);
}

function describe(jobs: WaitingJobs | string): string {
  if (typeof jobs === "string") return `its jobs could not be counted: ${jobs}`;
  const queues = Object.entries(jobs).map(([queue, number]) => `${oneLine(queue)} ${number}`);
  return `${sum(jobs)} ${sum(jobs) === 1 ? "job waits" : "jobs wait"}${queues.length === 0 ? "" : `: ${queues.join(", ")}`}`;
}

function kept(instanceId: string): string {
  return `${instanceId} is kept, because what waits in it would be lost.`;
}

function byHand(instanceId: string, command: string): string {
  return `Put it right and run the same command again, or drain ${instanceId} by hand: "${command}" in the service's shell`;
}

function outcomeOf({ status }: Job): string {
  return status === "failed" || status === "canceled" ? status : "ended, and Render does not say how";
}
