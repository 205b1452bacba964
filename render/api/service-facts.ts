import type { RenderClient } from "./client.ts";
import { API, type EnvGroup, type EnvVar, type Service } from "./endpoints.ts";
import { isLinkedTo, readEnvGroups } from "./env-groups.ts";
import { unlessMissing } from "./error.ts";

/** What Render knows of a service and of what it reads. It holds values of variables: for judging, never for showing. */
export interface ServiceFacts {
  /** `undefined` when there is none of that id that the key can see. */
  readonly service: Service | undefined;
  /** Set on the service itself. */
  readonly variables: readonly EnvVar[];
  /** The groups that are linked to the service, and those that have the name that was asked for. */
  readonly groups: readonly EnvGroup[];
}

/** @throws RenderApiError when Render cannot be asked. */
export async function gatherServiceFacts(
  client: RenderClient,
  ownerId: string,
  serviceId: string,
  groupName: string,
): Promise<ServiceFacts> {
  const [service, variables, groups] = await Promise.all([
    unlessMissing(client.call(API.getService, { id: serviceId })),
    unlessMissing(client.list(API.listServiceEnvVars, { id: serviceId })),
    readEnvGroups(client, ownerId, (group) => group.name === groupName || isLinkedTo(group, serviceId)),
  ]);
  return { service, variables: variables ?? [], groups };
}
