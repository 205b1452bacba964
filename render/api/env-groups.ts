import type { RenderClient } from "./client.ts";
import { API, type EnvGroup, type EnvGroupSummary } from "./endpoints.ts";

/** The groups, with their variables, that the key can see and that are wanted. A list shows no variables. */
export async function readEnvGroups(
  client: RenderClient,
  wanted: (group: EnvGroupSummary) => boolean = () => true,
): Promise<EnvGroup[]> {
  const groups = (await client.list(API.listEnvGroups, {})).filter(wanted);
  return Promise.all(groups.map(({ id }) => client.call(API.getEnvGroup, { id })));
}

/** Whether a group gives its variables to a service. */
export function isLinkedTo({ serviceLinks }: Pick<EnvGroupSummary, "serviceLinks">, serviceId: string): boolean {
  return serviceLinks.some(({ id }) => id === serviceId);
}
