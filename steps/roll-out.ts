import { API, type Deploy, type Service } from "../render/api/endpoints.ts";
import { unlessMissing } from "../render/api/error.ts";
import { isCronJob } from "../render/service.ts";
import { Stop } from "../runtime/errors.ts";
import { awaitTurn, beginDeploy, followDeploy, type StepContext } from "./deploy.ts";

export interface RollOutOptions extends StepContext {
  readonly serviceId: string;
}

/**
 * Makes the running service read what it is given now: a deploy, until it is live.
 *
 * Neither a change of an environment group nor its link deploys anything through Render's API, and nothing shows when a
 * group's variables changed. So it is always a deploy of our own, which reuses the build, after the one in progress.
 *
 * @throws Stop when the service is suspended, the deploy does not go live, or it is not known which one it is;
 *   RenderApiError.
 */
export async function rollOut(options: RollOutOptions): Promise<void> {
  const { client, serviceId, say } = options;
  const service = await client.call(API.getService, { id: serviceId });
  if (service.suspended === "suspended") {
    throw new Stop(
      "failed",
      `${service.name} (${serviceId}) is suspended, so nothing can be rolled out. Resume it first.`,
    );
  }
  if (isCronJob(serviceId)) {
    say(`${service.name} is a cron job, which is not rolled out: its next run reads what it is given`);
    return;
  }
  const turn = await awaitTurn(options, serviceId);
  if ("busy" in turn) throw blocked(service, turn.busy);
  const begun = await beginDeploy(options, serviceId, turn.deploys);
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
export async function leave(options: RollOutOptions): Promise<void> {
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
  if (!isCronJob(serviceId)) say("the service runs without this Redis");
}

function blocked(service: Service, busy: Deploy | undefined): Stop {
  const reason =
    busy === undefined
      ? `There was no time to look at the deploys of ${service.name}`
      : `The deploy ${busy.id} of ${service.name} is still ${busy.status}`;
  return new Stop(
    "failed",
    `${reason}, so none was started: it could have cancelled that one. The service runs with what it had before. ` +
      "Run the same command again, or allow more time: rollOutSeconds.",
  );
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
      `See ${linkTo(service, deploy)}, then run the same command again, or allow more time: rollOutSeconds.`,
  );
}

function linkTo(service: Service, deploy: Deploy): string {
  return `${service.dashboardUrl ?? `https://dashboard.render.com/web/${service.id}`}/deploys/${deploy.id}`;
}
