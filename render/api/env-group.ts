import { z } from "zod";
import type { RenderClient } from "./client.ts";

/** An environment group as a list shows it: without what is in it. */
export const envGroupSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  ownerId: z.string(),
  environmentId: z.string().nullish(),
  serviceLinks: z.array(z.object({ id: z.string(), name: z.string(), type: z.string() })),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export type EnvGroupSummary = z.infer<typeof envGroupSummarySchema>;

/** An environment group: variables and secret files that several services share. Changing one deploys nothing. */
export const envGroupSchema = envGroupSummarySchema.extend({
  envVars: z.array(z.object({ key: z.string(), value: z.string() })),
  secretFiles: z.array(z.object({ name: z.string(), content: z.string() })),
});

export type EnvGroup = z.infer<typeof envGroupSchema>;

/** A variable with its value, or one that Render makes up. */
export type NewEnvVar = { readonly key: string } & ({ readonly value: string } | { readonly generateValue: true });

export interface NewEnvGroup {
  readonly name: string;
  readonly ownerId: string;
  readonly environmentId?: string;
  readonly envVars: readonly NewEnvVar[];
  readonly secretFiles: readonly { readonly name: string; readonly content: string }[];
}

export async function createEnvGroup(client: RenderClient, group: NewEnvGroup): Promise<EnvGroup> {
  return client.request("POST", "/env-groups", envGroupSchema, { body: group });
}

export async function getEnvGroup(client: RenderClient, id: string): Promise<EnvGroup> {
  return client.request("GET", `/env-groups/${id}`, envGroupSchema);
}

/** The groups of all workspaces that the key can see; with a filter such as `{ name }` those that match it exactly. */
export async function listEnvGroups(
  client: RenderClient,
  filter: { readonly name?: string; readonly ownerId?: string } = {},
): Promise<EnvGroupSummary[]> {
  return client.list("/env-groups", "envGroup", envGroupSummarySchema, { ...filter });
}

/** The groups that are linked to a service, with their variables. */
export async function getLinkedEnvGroups(client: RenderClient, serviceId: string): Promise<EnvGroup[]> {
  const groups = await listEnvGroups(client);
  const linked = groups.filter(({ serviceLinks }) => serviceLinks.some(({ id }) => id === serviceId));
  return Promise.all(linked.map(({ id }) => getEnvGroup(client, id)));
}

export async function renameEnvGroup(client: RenderClient, id: string, name: string): Promise<EnvGroup> {
  return client.request("PATCH", `/env-groups/${id}`, envGroupSchema, { body: { name } });
}

/** Deletes a group; services that were linked to it lose its variables at their next deploy. */
export async function deleteEnvGroup(client: RenderClient, id: string): Promise<void> {
  await client.request("DELETE", `/env-groups/${id}`, z.unknown());
}

export async function setGroupEnvVar(client: RenderClient, id: string, envVar: NewEnvVar): Promise<EnvGroup> {
  const { key, ...body } = envVar;
  return client.request("PUT", `/env-groups/${id}/env-vars/${encodeURIComponent(key)}`, envGroupSchema, { body });
}

export async function deleteGroupEnvVar(client: RenderClient, id: string, key: string): Promise<void> {
  await client.request("DELETE", `/env-groups/${id}/env-vars/${encodeURIComponent(key)}`, z.unknown());
}

export async function setGroupSecretFile(
  client: RenderClient,
  id: string,
  name: string,
  content: string,
): Promise<EnvGroup> {
  const path = `/env-groups/${id}/secret-files/${encodeURIComponent(name)}`;
  return client.request("PUT", path, envGroupSchema, { body: { content } });
}

export async function deleteGroupSecretFile(client: RenderClient, id: string, name: string): Promise<void> {
  await client.request("DELETE", `/env-groups/${id}/secret-files/${encodeURIComponent(name)}`, z.unknown());
}

/** Links a group to a service. The service reads the variables at its next deploy, which this does not start. */
export async function linkService(client: RenderClient, groupId: string, serviceId: string): Promise<EnvGroup> {
  return client.request("POST", `/env-groups/${groupId}/services/${serviceId}`, envGroupSchema);
}

export async function unlinkService(client: RenderClient, groupId: string, serviceId: string): Promise<void> {
  await client.request("DELETE", `/env-groups/${groupId}/services/${serviceId}`, z.unknown());
}
