import { setTimeout as sleep } from "node:timers/promises";
import type { RenderClient } from "../render/api/client.ts";
import { RenderApiError } from "../render/api/error.ts";
import { findKeyValues, getKeyValue, type KeyValue } from "../render/api/key-value.ts";
import type { InstanceDescription } from "../render/instance-description.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** Statuses that do not change by waiting. */
const STUCK = ["suspended", "recovery_failed"];
/** `maintenance_scheduled` is available until the maintenance begins. */
const READY = ["available", "maintenance_scheduled"];

/** The environment's instance does not exist, or is in a state that no waiting ends. */
export class InstanceMissing extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.name = "InstanceMissing";
    this.remedy = remedy;
  }
}

/** Several instances match, and only the caller knows which is meant. */
export class InstanceAmbiguous extends InstanceMissing {
  override readonly name = "InstanceAmbiguous";
}

/**
 * The instance of an environment, by name and region: names alone are not unique on Render.
 *
 * @throws InstanceMissing, InstanceAmbiguous, RenderApiError
 */
export async function findInstance(
  client: RenderClient,
  { environment, name, region }: InstanceDescription,
  ownerId: string | undefined,
): Promise<KeyValue> {
  const named = await findKeyValues(client, name, ownerId);
  const [found, ...others] = named.filter((instance) => instance.name === name && instance.region === region);
  if (found === undefined) {
    const elsewhere = named.map((instance) => `${instance.id} in ${instance.region}`).join(", ");
    throw new InstanceMissing(
      `no instance "${name}" in ${region}${elsewhere === "" ? "" : `, only ${elsewhere}`}`,
      `Deploy it: npx cdktf deploy ${environment}. If it exists, check RENDER_OWNER_ID and the key's workspace.`,
    );
  }
  if (others.length > 0) {
    const ids = [found, ...others].map(({ id }) => id).join(", ");
    throw new InstanceAmbiguous(
      `${others.length + 1} instances "${name}" in ${region}: ${ids}`,
      "Say which: --instance <id>.",
    );
  }
  return found;
}

/**
 * Waits until Render calls the instance available. A new one is `unknown`, then `creating`, for up to some minutes.
 *
 * @throws InstanceMissing when it is suspended, broken or gone; RenderApiError; what aborted the signal.
 */
export async function waitUntilAvailable(
  client: RenderClient,
  id: string,
  signal: AbortSignal,
  onStatus: (status: string) => void,
): Promise<KeyValue> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const instance = await getKeyValue(client, id);
    if (READY.includes(instance.status)) return instance;
    refuseStuck(instance);
    onStatus(instance.status);
    await sleep(pause, undefined, { signal });
  }
}

/**
 * Looks after the instance from time to time, until the signal.
 *
 * @throws InstanceMissing once it is deleted, suspended or broken.
 */
export async function watchInstance(client: RenderClient, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(LONGEST_PAUSE_MS, undefined, { signal });
    try {
      refuseStuck(await getKeyValue(client, id));
    } catch (error) {
      if (error instanceof RenderApiError && error.status === 404) {
        throw new InstanceMissing("it was deleted meanwhile", "Deploy it again.");
      }
      // That the API is slow or busy says nothing about the instance.
      if (!(error instanceof RenderApiError)) throw error;
    }
  }
}

function refuseStuck({ status }: KeyValue): void {
  if (!STUCK.includes(status)) return;
  throw new InstanceMissing(`the instance is ${status}`, "Resume or restore it in Render's dashboard.");
}
