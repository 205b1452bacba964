import type { RenderClient } from "./client.ts";
import { type EnvGroup, getEnvGroup, listEnvGroups } from "./env-group.ts";
import { RenderApiError } from "./error.ts";
import { type EnvVar, getService, listServiceEnvVars, type Service } from "./service.ts";

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
  serviceId: string,
  groupName: string,
): Promise<ServiceFacts> {
  const [service, variables, groups] = await Promise.all([
    unlessNotFound(getService(client, serviceId)),
    unlessNotFound(listServiceEnvVars(client, serviceId)),
    groupsThatMatter(client, serviceId, groupName),
  ]);
  return { service, variables: variables ?? [], groups };
}

export function isLinkedTo({ serviceLinks }: Pick<EnvGroup, "serviceLinks">, serviceId: string): boolean {
  return serviceLinks.some(({ id }) => id === serviceId);
}

async function groupsThatMatter(client: RenderClient, serviceId: string, name: string): Promise<EnvGroup[]> {
  const groups = await listEnvGroups(client);
  const mattering = groups.filter((group) => group.name === name || isLinkedTo(group, serviceId));
  return Promise.all(mattering.map(({ id }) => getEnvGroup(client, id)));
}

async function unlessNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RenderApiError && error.status === 404) return undefined;
    throw error;
  }
}
