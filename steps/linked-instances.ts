import type { RenderClient } from "../render/api/client.ts";
import { getEnvGroup, listEnvGroups } from "../render/api/env-group.ts";

/** The ids of all instances that a variable of an environment group points to. */
export async function getLinkedInstanceIds(client: RenderClient): Promise<ReadonlySet<string>> {
  const groups = await listEnvGroups(client);
  const full = await Promise.all(groups.map(({ id }) => getEnvGroup(client, id)));
  const values = full.flatMap(({ envVars }) => envVars.map(({ value }) => value));
  return new Set(values.flatMap((value) => value.match(/\bred-[a-z0-9]{20}\b/g) ?? []));
}
