import type { RenderClient } from "../../../render/api/client.ts";
import { RENDER_API } from "../../emulator/api/endpoints.ts";

/**
 * Puts a resource into an environment, takes it out, or moves it.
 *
 * @returns The environment that it is in then.
 */
export async function moveToEnvironment(
  client: RenderClient,
  resourceId: string,
  from: string | undefined,
  to: string | undefined,
): Promise<string | undefined> {
  if (from === to) return to;
  if (to === undefined) {
    await remove(client, from ?? resourceId, resourceId);
    return undefined;
  }
  // The real provider 1.9.1 gives the resource's id where the old environment's belongs, and Render accepts that:
  // adding a resource to an environment takes it out of the one before.
  if (from !== undefined) await remove(client, resourceId, resourceId);
  const environment = await client.call(RENDER_API.addToEnvironment, { id: to }, { resourceIds: [resourceId] });
  return environment.id;
}

async function remove(client: RenderClient, environment: string, resourceId: string): Promise<void> {
  await client.call(RENDER_API.removeFromEnvironment, { id: environment }, { resourceIds: resourceId });
}
