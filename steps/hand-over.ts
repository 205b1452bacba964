import { API } from "../render/api/endpoints.ts";
import { unlessMissing } from "../render/api/error.ts";
import { findInstanceUsers } from "../render/api/instance-users.ts";
import { findInstances } from "../render/strangers.ts";
import type { KnownIds } from "../render/terraform-state.ts";
import { Stop } from "../runtime/errors.ts";
import { type DrainOptions, drain } from "./drain.ts";

export interface HandOverOptions extends DrainOptions {
  /** The new instance. */
  readonly instanceId: string;
  /** Its Terraform address. */
  readonly address: string;
  /** What the state knows; `undefined` when it could not be read. */
  readonly known: KnownIds | undefined;
}

/**
 * Has the service drain the instances that the new one replaces, wherever they run: those that the state knows under the same
 * address. Of a namesake that the state does not know it only speaks: that is not ours, however unused it looks.
 *
 * @throws Stop when it did not, so that they are not destroyed with what is in them; RenderApiError.
 */
export async function handOver(options: HandOverOptions): Promise<void> {
  const { client, instanceId, address, known, say } = options;
  if (known === undefined) {
    throw new Stop(
      "unknown",
      "The Terraform state could not be read, so it is not known which instance the new one replaces.",
      {
        remedy: "Nothing was drained. Find out why with `terraform state pull`, then run the same command again.",
      },
    );
  }
  const instance = await client.call(API.getKeyValue, { id: instanceId });
  const namesakes = await findInstances(client, instance, instance.owner.id, { known: async () => known }, instanceId);
  for (const { id } of namesakes.strangers ?? []) {
    say(`${id} has the same name, and this state does not know it: it is not ours, and not drained`);
  }
  const replaced = (known.get(address) ?? []).filter((id) => id !== instanceId);
  const found = await Promise.all(replaced.map((id) => unlessMissing(client.call(API.getKeyValue, { id }))));
  const predecessors = found.filter((one) => one !== undefined);
  if (predecessors.length === 0) {
    say("no previous instance to drain");
    return;
  }
  const users = await findInstanceUsers(client, instance.owner.id);
  for (const { id } of predecessors) {
    const others = users.get(id);
    if (others !== undefined) throw inUse(id, instanceId, others);
    await drain({ ...options, instanceId: id });
  }
}

function inUse(id: string, newId: string, users: readonly string[]): Stop {
  return new Stop("failed", `${id} is to be destroyed, and is still used by ${users.join(", ")}.`, {
    remedy: `It was not drained, and is kept. Point them to ${newId}, then run the same command again.`,
  });
}
