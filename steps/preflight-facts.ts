import type { RenderClient } from "../render/api/client.ts";
import { type EnvGroup, getEnvGroup, listEnvGroups } from "../render/api/env-group.ts";
import { RenderApiError } from "../render/api/error.ts";
import { type KeyValue, listKeyValues } from "../render/api/key-value.ts";
import { listOwners, type Owner } from "../render/api/owner.ts";
import { type EnvVar, getService, listServiceEnvVars, type Service } from "../render/api/service.ts";
import type { BackendDescription } from "../render/backend-description.ts";

/** What stands on Render before a deploy. It holds values of variables: for judging, never for showing. */
export interface PreflightFacts {
  /** The workspaces that the key can work in. */
  readonly owners: readonly Owner[];
  /** `undefined` when there is none of that id that the key can see. */
  readonly service: Service | undefined;
  /** Set on the service itself. */
  readonly serviceVariables: readonly EnvVar[];
  /** The groups that are linked to the service, and those that have the name of ours. */
  readonly groups: readonly EnvGroup[];
  /** All instances of the workspace. */
  readonly instances: readonly KeyValue[];
}

/** @throws RenderApiError when Render cannot be asked; its message says what to do about the key or the network. */
export async function gatherFacts(
  client: RenderClient,
  backend: BackendDescription,
  ownerId: string,
): Promise<PreflightFacts> {
  // First alone: with a key that does not work every other call would only say so again.
  const owners = await listOwners(client);
  const { serviceId, groupName } = backend;
  const [service, serviceVariables, groups, instances] = await Promise.all([
    unlessNotFound(getService(client, serviceId)),
    unlessNotFound(listServiceEnvVars(client, serviceId)),
    groupsThatMatter(client, serviceId, groupName),
    listKeyValues(client, ownerId),
  ]);
  return { owners, service, serviceVariables: serviceVariables ?? [], groups, instances };
}

async function groupsThatMatter(client: RenderClient, serviceId: string, name: string): Promise<EnvGroup[]> {
  const groups = await listEnvGroups(client);
  const mattering = groups.filter(
    (group) => group.name === name || group.serviceLinks.some(({ id }) => id === serviceId),
  );
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
