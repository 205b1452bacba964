import { RENDER_API } from "../../emulator/api/endpoints.ts";
import { type Api, reworded } from "./api.ts";

/**
 * Puts a resource into an environment, takes it out, or moves it.
 *
 * @returns The environment that it is in then.
 */
export async function moveToEnvironment(
  api: Api,
  resourceId: string,
  from: string | undefined,
  to: string | undefined,
): Promise<string | undefined> {
  if (from === to) return to;
  if (to === undefined) {
    await remove(api, from ?? resourceId, resourceId, "could not remove service from previous environment");
    return undefined;
  }
  // The real provider 1.9.1 gives the resource's id where the old environment's belongs, and Render accepts that:
  // adding a resource to an environment takes it out of the one before.
  if (from !== undefined)
    await remove(api, resourceId, resourceId, "could not remove service from environment for move");
  const added = api.call(RENDER_API.addToEnvironment, { id: to }, { resourceIds: [resourceId] });
  const what = `could not add service to ${from === undefined ? "new environment" : "environment for move"}`;
  return (await reworded(added, ({ message }) => `${what}: ${message}`)).id;
}

async function remove(api: Api, environment: string, resourceId: string, what: string): Promise<void> {
  const removed = api.call(RENDER_API.removeFromEnvironment, { id: environment }, { resourceIds: resourceId });
  await reworded(removed, ({ message }) => `${what}: ${message}`);
}
