import type { RenderClient } from "../render/api/client.ts";
import { API, type Deploy, FAILED_DEPLOYS, type Service } from "../render/api/endpoints.ts";
import { unlessMissing } from "../render/api/error.ts";
import { Stop } from "../runtime/errors.ts";
import { beginDeploy, followDeploy, type StepContext } from "./deploy.ts";

/** A deploy that is over may have read the variables before they changed. */
const OVER: readonly string[] = ["live", "deactivated", ...FAILED_DEPLOYS];

export interface RollOutOptions extends StepContext {
  readonly serviceId: string;
  /** The group whose change is to reach the service; without it the service is deployed in any case. */
  readonly groupId?: string;
}

/**
 * Makes the running service read what it is given now: a deploy, until it is live.
 *
 * Neither a change of an environment group nor its link deploys anything through Render's API. Where a deploy is under
 * way that began after the change, it is that one; otherwise one is started that reuses the build.
 *
 * @throws Stop when the service is suspended, or the deploy does not go live; RenderApiError.
 */
export async function rollOut(options: RollOutOptions): Promise<void> {
  const { client, serviceId, groupId, say } = options;
  const service = await client.call(API.getService, { id: serviceId });
  if (service.suspended === "suspended") {
    throw new Stop(
      "failed",
      `${service.name} (${serviceId}) is suspended, so nothing can be rolled out. Resume it first.`,
    );
  }
  const before = await client.first(API.listDeploys, { id: serviceId });
  const adopted = groupId === undefined ? undefined : await begunSince(client, groupId, before);
  if (adopted !== undefined) {
    say(`deploy ${adopted.id} began after the change`);
    const { outcome, deploy } = await followDeploy(options, serviceId, adopted);
    if (outcome === "live") return;
    if (outcome === "pending") throw overdue(service, deploy);
    // It was somebody else's, with a mistake of its own; the last good build still has to read the change.
  }
  const begun = await beginDeploy(options, serviceId, before);
  const { outcome, deploy } = await followDeploy(options, serviceId, begun);
  if (outcome === "pending") throw overdue(service, deploy);
  if (outcome === "failed") throw failed(service, deploy);
}

/**
 * Rolls a service out that no longer has the group, before the Redis that it reads is destroyed.
 *
 * A service that runs nothing uses nothing: where it is gone or suspended this only says so.
 *
 * @throws Stop when the deploy does not go live: the service then still uses the Redis; RenderApiError.
 */
export async function leave(options: Omit<RollOutOptions, "groupId">): Promise<void> {
  const { client, serviceId, say } = options;
  const service = await unlessMissing(client.call(API.getService, { id: serviceId }));
  if (service === undefined) {
    say(`there is no service ${serviceId}, so nothing was rolled out`);
    return;
  }
  if (service.suspended === "suspended") {
    say(`${service.name} is suspended and was NOT rolled out. It comes back without the Redis when it is resumed.`);
    return;
  }
  await rollOut(options);
  say("the service runs without this Redis");
}

/** The deploy that is under way, if it began after the group's last change. Both times are Render's own. */
async function begunSince(
  client: RenderClient,
  groupId: string,
  deploys: readonly Deploy[],
): Promise<Deploy | undefined> {
  const [newest] = deploys;
  if (newest === undefined || OVER.includes(newest.status)) return undefined;
  const { updatedAt } = await client.call(API.getEnvGroup, { id: groupId });
  return Date.parse(newest.createdAt) > Date.parse(updatedAt) ? newest : undefined;
}

function failed(service: Service, deploy: Deploy): Stop {
  return new Stop(
    "failed",
    `The deploy ${deploy.id} of ${service.name} ended as ${deploy.status}. ` +
      "The service goes on running with what it had before. " +
      `The log says why: ${linkTo(service, deploy)}. Put that right, then run the same command again.`,
  );
}

function overdue(service: Service, deploy: Deploy): Stop {
  return new Stop(
    "failed",
    `The deploy ${deploy.id} of ${service.name} is still ${deploy.status}. ` +
      "It goes on; the service runs with what it had before until it is live. " +
      `See ${linkTo(service, deploy)}, then run the same command again, or allow more time: backend.rollOutSeconds.`,
  );
}

function linkTo(service: Service, deploy: Deploy): string {
  return `${service.dashboardUrl ?? `https://dashboard.render.com/web/${service.id}`}/deploys/${deploy.id}`;
}
