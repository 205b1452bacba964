import type { RenderClient } from "../render/api/client.ts";
import { API, type EnvGroup, type EnvVar, type KeyValue, type Owner, type Service } from "../render/api/endpoints.ts";
import { isLinkedTo, readEnvGroups } from "../render/api/env-groups.ts";
import { unlessMissing } from "../render/api/error.ts";
import type { ExpectedService } from "../render/service.ts";

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
  backend: ExpectedService,
  ownerId: string,
): Promise<PreflightFacts> {
  // First alone: with a key that does not work every other call would only say so again.
  const owners = await client.list(API.listOwners, {});
  const { serviceId, groupName } = backend;
  const [service, serviceVariables, groups, instances] = await Promise.all([
    unlessMissing(client.call(API.getService, { id: serviceId })),
    unlessMissing(client.list(API.listServiceEnvVars, { id: serviceId })),
    readEnvGroups(client, (group) => group.name === groupName || isLinkedTo(group, serviceId)),
    client.list(API.listKeyValues, {}, { ownerId }),
  ]);
  return { owners, service, serviceVariables: serviceVariables ?? [], groups, instances };
}
