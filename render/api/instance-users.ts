import type { RenderClient } from "./client.ts";
import { API } from "./endpoints.ts";
import { readEnvGroups } from "./env-groups.ts";
import { unlessMissing } from "./error.ts";

/** What uses instances, by the instance's id: each in words, such as `the service "mail" (srv-…), by its own REDIS_URL`. */
export type InstanceUsers = ReadonlyMap<string, readonly string[]>;

/**
 * Everything in a workspace that points to an instance: environment groups that are linked to a service, variables that are
 * set on a service itself, and Blueprints. A caller that finds nothing here may still miss a copy of a URL elsewhere.
 *
 * @throws RenderApiError
 */
export async function findInstanceUsers(client: RenderClient, ownerId: string): Promise<InstanceUsers> {
  const users = new Map<string, string[]>();
  const note = (text: string, user: string) => {
    for (const id of new Set(text.match(/\bred-[a-z0-9]{20}\b/g))) users.set(id, [...(users.get(id) ?? []), user]);
  };
  const [groups, services, blueprints] = await Promise.all([
    readEnvGroups(client, ownerId, ({ serviceLinks }) => serviceLinks.length > 0),
    client.list(API.listServices, {}, { ownerId }),
    unlessMissing(client.list(API.listBlueprints, {}, { ownerId })),
  ]);
  for (const { id, name, envVars } of groups) {
    for (const { key, value } of envVars) note(value, `the environment group "${name}" (${id}), by ${key}`);
  }
  await Promise.all([
    ...services.map(async ({ id, name }) => {
      const variables = (await unlessMissing(client.list(API.listServiceEnvVars, { id }))) ?? [];
      for (const { key, value } of variables) note(value, `the service "${name}" (${id}), by its own ${key}`);
    }),
    ...(blueprints ?? []).map(async ({ id, name }) => {
      const blueprint = await unlessMissing(client.call(API.getBlueprint, { id }));
      for (const resource of blueprint?.resources ?? []) note(resource.id, `the Blueprint "${name}" (${id})`);
    }),
  ]);
  return users;
}
