import { API, type Job } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { internalUrl } from "../render/internal-url.ts";
import { Stop } from "../runtime/errors.ts";
import { followJob, withVariable } from "../vantage/job.ts";
import type { StepContext } from "./deploy.ts";

/** What gives up what waits in an instance. */
export const GIVE_UP =
  "To lose it: remove backend.drainCommand from the environment file, then run the same command again.";

export interface DrainOptions extends StepContext {
  readonly serviceId: string;
  /** The instance that is about to be destroyed. */
  readonly instanceId: string;
  /** The service's command that drains the Redis at `REDIS_URL`. */
  readonly command: string;
}

/**
 * Has the service drain an instance, by a one-off job inside Render's private network.
 *
 * @throws Stop when it did not, so that the instance is not destroyed with what is in it; RenderApiError.
 */
export async function drain({ client, serviceId, instanceId, command, signal, say }: DrainOptions): Promise<void> {
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
  say(`${instanceId} is drained: no jobs left`);
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
