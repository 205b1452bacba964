import type { ServiceState, State } from "../state/schema.ts";

/**
 * The variables that a service would be deployed with now: its own over those of its groups, and among groups the one that was
 * created last wins.
 */
export function effectiveEnv(state: State, service: ServiceState): Record<string, string> {
  const linked = state.envGroups.filter((group) => group.serviceIds.includes(service.id));
  const groups = linked.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  const variables = [...groups.flatMap((group) => group.envVars), ...service.envVars];
  return Object.fromEntries(variables.map(({ key, value }) => [key, value]));
}
