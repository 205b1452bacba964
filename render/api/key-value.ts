import { z } from "zod";
import type { EvictionPolicy, PersistenceMode } from "../spellings.ts";
import type { RenderClient } from "./client.ts";

/**
 * A Key Value instance as the API shows it.
 *
 * Plan, policy, region, mode and status are plain strings here: Render adds values (in August 2026 it renamed all
 * plans), and an unknown one is for the reader to judge, not a reason to refuse the answer.
 */
export const keyValueSchema = z.object({
  id: z.string(),
  name: z.string(),
  plan: z.string(),
  region: z.string(),
  /** `unknown` right after creation, then `creating`, then `available`. */
  status: z.string(),
  version: z.string().optional(),
  environmentId: z.string().nullish(),
  options: z.object({ maxmemoryPolicy: z.string(), persistenceMode: z.string() }),
  /** Who may connect from outside; `null` means nobody. */
  ipAllowList: z
    .array(z.object({ cidrBlock: z.string(), description: z.string() }))
    .nullable()
    .transform((list) => list ?? []),
  owner: z.object({ id: z.string() }),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export type KeyValue = z.infer<typeof keyValueSchema>;

/** How to reach an instance. The external URL holds the password, and exists even when nobody may use it. */
export const connectionInfoSchema = z.object({
  internalConnectionString: z.string(),
  externalConnectionString: z.string(),
  cliCommand: z.string(),
});

export type ConnectionInfo = z.infer<typeof connectionInfoSchema>;

export interface IpAllowListEntry {
  readonly cidrBlock: string;
  readonly description: string;
}

/** What can be set. Render's only settings; memory follows the plan. */
export interface KeyValueSettings {
  readonly name: string;
  readonly plan: string;
  readonly maxmemoryPolicy: EvictionPolicy | (string & {});
  readonly persistenceMode?: PersistenceMode | (string & {});
  readonly ipAllowList: readonly IpAllowListEntry[];
}

export interface NewKeyValue extends KeyValueSettings {
  readonly ownerId: string;
  readonly region: string;
  readonly environmentId?: string;
}

export async function getKeyValue(client: RenderClient, id: string): Promise<KeyValue> {
  return client.request("GET", `/key-value/${id}`, keyValueSchema);
}

/** Instances with exactly this name; names are not unique on Render. */
export async function findKeyValues(client: RenderClient, name: string, ownerId?: string): Promise<KeyValue[]> {
  const query = ownerId === undefined ? { name } : { name, ownerId };
  return client.list("/key-value", "keyValue", keyValueSchema, query);
}

/** Every instance of the workspace, or of all that the key may see. */
export async function listKeyValues(client: RenderClient, ownerId?: string): Promise<KeyValue[]> {
  return client.list("/key-value", "keyValue", keyValueSchema, ownerId === undefined ? {} : { ownerId });
}

export async function getConnectionInfo(client: RenderClient, id: string): Promise<ConnectionInfo> {
  return client.request("GET", `/key-value/${id}/connection-info`, connectionInfoSchema);
}

/** Creates an instance. The answer comes at once, long before the instance can be reached. */
export async function createKeyValue(client: RenderClient, settings: NewKeyValue): Promise<KeyValue> {
  return client.request("POST", "/key-value", keyValueSchema, { body: settings });
}

/** Changes an instance. A change of plan, policy or persistence mode restarts it. */
export async function updateKeyValue(
  client: RenderClient,
  id: string,
  settings: Partial<KeyValueSettings>,
): Promise<KeyValue> {
  return client.request("PATCH", `/key-value/${id}`, keyValueSchema, { body: settings });
}

/** Deletes an instance and its data. There is no way back. */
export async function deleteKeyValue(client: RenderClient, id: string): Promise<void> {
  await client.request("DELETE", `/key-value/${id}`, z.unknown());
}
