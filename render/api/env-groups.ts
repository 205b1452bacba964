import type { RenderClient } from "./client.ts";
import { API, type EnvGroup, type EnvGroupSummary } from "./endpoints.ts";

/** The groups of a workspace, with their variables, that are wanted. A list shows no variables. */
export async function readEnvGroups(
  client: RenderClient,
  ownerId: string,
  wanted: (group: EnvGroupSummary) => boolean,
): Promise<EnvGroup[]> {
  const all = await client.list(API.listEnvGroups, {}, { ownerId });
  // Names are not unique, and a key may see several workspaces.
  const groups = all.filter((group) => group.ownerId === ownerId && wanted(group));
  return Promise.all(groups.map(({ id }) => client.call(API.getEnvGroup, { id })));
}

/** Whether a group gives its variables to a service. */
export function isLinkedTo({ serviceLinks }: Pick<EnvGroupSummary, "serviceLinks">, serviceId: string): boolean {
  return serviceLinks.some(({ id }) => id === serviceId);
}
