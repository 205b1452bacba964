import type { RenderClient } from "../render/api/client.ts";
import { API, type KeyValue } from "../render/api/endpoints.ts";
import { unlessMissing } from "../render/api/error.ts";
import { findInstanceUsers } from "../render/api/instance-users.ts";
import { findInstances } from "../render/strangers.ts";
import type { KnownIds } from "../render/terraform-state.ts";
import { Stop } from "../runtime/errors.ts";
import { type DrainOptions, drain, GIVE_UP } from "./drain.ts";

/** The instances of ours that there are, and were. */
interface Ours {
  /** Their Terraform address. */
  readonly address: string;
  /** What the state knows; `undefined` when it could not be read. */
  readonly known: KnownIds | undefined;
}

export interface HandOverOptions extends DrainOptions, Ours {
  /** The new instance. */
  readonly instanceId: string;
}

/**
 * Has the service drain the instances that the new one replaces: those that the state knows under the same address. What runs
 * in another region is left to the service that leaves it: see {@link drainBehind}. Of a namesake that the state does not know
 * it only speaks: that is not ours, however unused it looks.
 *
 * @throws Stop when it did not, so that they are not destroyed with what is in them; RenderApiError.
 */
export async function handOver(options: HandOverOptions): Promise<void> {
  const { client, serviceId, instanceId, known, say } = options;
  const ids = idsOf(options);
  const instance = await client.call(API.getKeyValue, { id: instanceId });
  const namesakes = await findInstances(
    client,
    instance,
    instance.owner.id,
    { known: async () => known },
    (one) => one.id === instanceId,
  );
  for (const { id } of namesakes.strangers ?? []) {
    say(`${id} has the same name, and this state does not know it: it is not ours, and not drained`);
  }
  const predecessors = await find(
    client,
    ids.filter((id) => id !== instanceId),
  );
  if (predecessors.length === 0) {
    say("no previous instance to drain");
    return;
  }
  const users = await findInstanceUsers(client, instance.owner.id);
  const { serviceDetails } = await client.call(API.getService, { id: serviceId });
  for (const { id, region } of predecessors) {
    const others = users.get(id);
    if (others !== undefined) throw inUse(id, instanceId, others);
    if (region === serviceDetails.region) await drain({ ...options, instanceId: id });
    else say(`${id} is in ${region}: the service that leaves it drains it`);
  }
}

/**
 * Has a service that has left drain what was replaced and is not in use, in its own region: nobody else may reach it
 * there. An instance that is the only one is drained before it is destroyed, by its own step.
 *
 * @throws Stop when it did not, so that they are not destroyed with what is in them; RenderApiError.
 */
export async function drainBehind(options: Omit<DrainOptions, "instanceId"> & Ours): Promise<void> {
  const { client, serviceId } = options;
  const ids = idsOf(options);
  if (ids.length < 2) return;
  const instances = await find(client, ids);
  const users = await findInstanceUsers(client, instances[0]?.owner.id ?? "");
  const isUsed = ({ id }: KeyValue) => users.has(id);
  const reached = instances.filter(isUsed).map(({ region }) => region);
  const service = await unlessMissing(client.call(API.getService, { id: serviceId }));
  const runs = service !== undefined && service.suspended !== "suspended";
  for (const instance of instances.filter((one) => !isUsed(one))) {
    const { id, region } = instance;
    if (runs && region === service.serviceDetails.region) await drain({ ...options, instanceId: id });
    else if (!runs && !reached.includes(region)) throw outOfReach(id, region, serviceId);
  }
}

function idsOf({ known, address }: Ours): readonly string[] {
  if (known !== undefined) return known.get(address) ?? [];
  throw new Stop(
    "unknown",
    "The Terraform state could not be read, so it is not known which instance the new one replaces.",
    {
      remedy: "Nothing was drained. Find out why with `terraform state pull`, then run the same command again.",
    },
  );
}

/** Those that there still are. */
async function find(client: RenderClient, ids: readonly string[]): Promise<KeyValue[]> {
  const found = await Promise.all(ids.map((id) => unlessMissing(client.call(API.getKeyValue, { id }))));
  return found.filter((one) => one !== undefined);
}

function outOfReach(id: string, region: string, serviceId: string): Stop {
  const reason = `${id} in ${region} is to be destroyed, and ${serviceId}, which could drain it, does not run.`;
  return new Stop("failed", reason, {
    remedy: `It is kept. Resume the service, or drain it from another one there. ${GIVE_UP}`,
  });
}

function inUse(id: string, newId: string, users: readonly string[]): Stop {
  return new Stop("failed", `${id} is to be destroyed, and is still used by ${users.join(", ")}.`, {
    remedy: `It was not drained, and is kept. Point them to ${newId}, then run the same command again.`,
  });
}
