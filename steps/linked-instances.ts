import type { RenderClient } from "../render/api/client.ts";
import { readEnvGroups } from "../render/api/env-groups.ts";

/** The ids of all instances that a variable of an environment group points to. */
export async function getLinkedInstanceIds(client: RenderClient): Promise<ReadonlySet<string>> {
  const groups = await readEnvGroups(client);
  const values = groups.flatMap(({ envVars }) => envVars.map(({ value }) => value));
  return new Set(values.flatMap((value) => value.match(/\bred-[a-z0-9]{20}\b/g) ?? []));
}
