import { z } from "zod";
import type { RenderClient } from "../../render/api/client.ts";
import { API } from "../../render/api/endpoints.ts";
import { Stop } from "../../runtime/errors.ts";
import { until } from "../../runtime/wait.ts";

const POLL_MS = 100;
const PATIENCE_MS = 120_000;

const healthSchema = z.object({
  mode: z.enum(["queued", "synchronous"]),
  queues: z.array(z.string()),
  /** Jobs that are still to be done, and those that failed at every attempt. Unknown while there is no queue. */
  pending: z.number().optional(),
  failed: z.number().optional(),
});

/** What a running backend says of itself. */
export type BackendHealth = z.output<typeof healthSchema>;

/**
 * Asks the backend of a local Render how it is; one that is just starting is waited for.
 *
 * @throws Stop when it does not answer within two minutes.
 */
export async function askBackend(
  client: RenderClient,
  serviceId: string,
  signal?: AbortSignal,
): Promise<BackendHealth> {
  const { serviceDetails } = await client.call(API.getService, { id: serviceId });
  const address = new URL("/health", z.string().parse(serviceDetails.url));
  const look = async () => {
    // On a connection of its own: one that was kept may lead to a process that is shutting down.
    const answer = await fetch(address, { headers: { connection: "close" } }).catch(() => undefined);
    return answer?.ok && healthSchema.parse(await answer.json());
  };
  const health = await until(look, {
    first: POLL_MS,
    withinMs: PATIENCE_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  if (health === undefined) throw new Stop("failed", `The backend does not answer on ${address}.`);
  return health;
}
