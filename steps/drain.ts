import { setTimeout as sleep } from "node:timers/promises";
import type { RenderClient } from "../render/api/client.ts";
import { API } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { readLogs } from "../render/api/logs.ts";
import { internalUrl } from "../render/internal-url.ts";
import { WiringError } from "./wiring-error.ts";

const POLL_MS = 500;
const LAST_LINES = 5;
const GIVE_UP =
  "If it is lost anyhow: remove backend.drainCommand from the environment file, then run the same command again.";

export interface DrainOptions {
  readonly client: RenderClient;
  readonly serviceId: string;
  /** The instance that is about to be destroyed. */
  readonly instanceId: string;
  /** The backend's command that works off what waits in the Redis at `REDIS_URL`. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Has the backend work off what still waits in an instance, as a one-off job inside Render's private network.
 *
 * @throws WiringError when it did not, so that the instance is not destroyed with what is in it; RenderApiError.
 */
export async function drain({ client, serviceId, instanceId, command, signal, say }: DrainOptions): Promise<void> {
  const url = internalUrl(instanceId);
  const { internalConnectionString } = await client.call(API.getConnectionInfo, { id: instanceId });
  if (internalConnectionString !== url) {
    // A job's command is shown to every member of the workspace, so the password must not stand in it.
    throw new WiringError(
      `${instanceId} asks for a password inside, so it cannot be emptied from here. ` +
        `${byHand(instanceId, command)} with its internal URL.`,
    );
  }
  say(`emptying ${instanceId}: the backend runs "${command}"`);
  let job = await client
    .call(API.createJob, { id: serviceId }, { startCommand: `REDIS_URL=${url} ${command}` })
    .catch((error: unknown) => {
      if (!(error instanceof RenderApiError)) throw error;
      throw new WiringError(
        `${error.message} ${instanceId} is kept, because what waits in it would be lost. ${GIVE_UP}`,
      );
    });
  for (
    let shown = "";
    job.status !== "succeeded";
    job = await client.call(API.getJob, { id: serviceId, jobId: job.id })
  ) {
    const status = job.status ?? "pending";
    if (status !== shown) say(`job ${job.id} is ${status}`);
    shown = status;
    if (status === "failed" || status === "canceled") {
      throw new WiringError(
        `The job ${job.id} that works off what waits in ${instanceId} ${status}:\n${await lastLines(client, instanceId, job.id)}\n` +
          `${instanceId} is kept, because what waits in it would be lost. ${byHand(instanceId, command)}. ${GIVE_UP}`,
      );
    }
    if (!(await sleep(POLL_MS, true, { signal }).catch(() => false))) {
      throw new WiringError(`The job ${job.id} is still ${status}. ${instanceId} is kept. Run the same command again.`);
    }
  }
  say(`nothing waits in ${instanceId} any more`);
}

function byHand(instanceId: string, command: string): string {
  return `Put it right and run the same command again, or empty ${instanceId} by hand: "${command}" in the backend's shell`;
}

async function lastLines(client: RenderClient, instanceId: string, jobId: string): Promise<string> {
  try {
    const { owner } = await client.call(API.getKeyValue, { id: instanceId });
    const lines = await readLogs(client, owner.id, jobId);
    return lines
      .slice(-LAST_LINES)
      .map((line) => `  ${line}`)
      .join("\n");
  } catch (error) {
    if (!(error instanceof RenderApiError)) throw error;
    return `  (its log could not be read: ${error.message})`;
  }
}
