import { API, type KeyValue } from "../render/api/endpoints.ts";
import { type DrainOptions, drain } from "./drain.ts";
import { getLinkedInstanceIds } from "./linked-instances.ts";

/**
 * Has the backend work off what waits in the instances that the new one replaces: older ones of its name and workspace
 * that no environment group points to any more.
 *
 * @param options Its `instanceId` is the new instance.
 * @throws WiringError when it did not, so that they are not destroyed with what is in them; RenderApiError.
 */
export async function handOver(options: DrainOptions): Promise<void> {
  const { client, instanceId, say } = options;
  const instance = await client.call(API.getKeyValue, { id: instanceId });
  const namesakes = await client.list(API.listKeyValues, {}, { name: instance.name, ownerId: instance.owner.id });
  const older = namesakes.filter((other) => other.id !== instanceId && isOlder(other, instance));
  if (older.length === 0) {
    say("it replaces no other instance");
    return;
  }
  const inUse = await getLinkedInstanceIds(client);
  for (const { id } of older) {
    if (inUse.has(id)) say(`${id} has the same name, and is in use: it is left alone`);
    else await drain({ ...options, instanceId: id });
  }
}

function isOlder(one: KeyValue, other: KeyValue): boolean {
  return Date.parse(one.createdAt) <= Date.parse(other.createdAt);
}
