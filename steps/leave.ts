import { API } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { type RollOutOptions, rollOut } from "./roll-out.ts";

/**
 * Rolls a service out that no longer has the group, before the Redis that it reads goes away.
 *
 * A service that runs nothing has nothing to let go of: where it is gone or suspended this only says so.
 *
 * @throws WiringError when the deploy does not go live: the service then still uses the Redis; RenderApiError.
 */
export async function leave(options: Omit<RollOutOptions, "groupId">): Promise<void> {
  const { client, serviceId, say } = options;
  try {
    const { name, suspended } = await client.call(API.getService, { id: serviceId });
    if (suspended === "suspended") {
      say(`${name} is suspended and was NOT rolled out. It comes back without the Redis when it is resumed.`);
      return;
    }
  } catch (error) {
    if (!(error instanceof RenderApiError) || error.status !== 404) throw error;
    say(`there is no service ${serviceId} any more, so nothing was rolled out`);
    return;
  }
  await rollOut(options);
  say("the backend runs without this Redis");
}
