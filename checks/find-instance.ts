import type { RenderClient } from "../render/api/client.ts";
import { API, type KeyValue } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import type { StackState } from "../render/strangers.ts";
import { knows } from "../render/terraform-state.ts";
import { sleep, until } from "../runtime/wait.ts";

const POLLS = { first: 500, longest: 5_000 } as const;

/** Statuses that do not change by waiting. */
const STUCK = ["suspended", "recovery_failed"];
/** `maintenance_scheduled` is available until the maintenance begins. */
export const READY: readonly string[] = ["available", "maintenance_scheduled"];

/** The environment's instance cannot be verified, and no waiting changes that. */
export class NoInstance extends Error {
  override readonly name = "NoInstance";
  readonly remedy: string;
  /** Whether several match, so that only the caller knows which is meant. */
  readonly ambiguous: boolean;

  constructor(message: string, remedy: string, { ambiguous = false } = {}) {
    super(message);
    this.remedy = remedy;
    this.ambiguous = ambiguous;
  }
}

/**
 * The instance of an environment, by name and region: names alone are not unique on Render. Of several it is the one that the
 * state knows.
 *
 * @throws NoInstance, RenderApiError
 */
export async function findInstance(
  client: RenderClient,
  { environment, name, region }: ExpectedInstance,
  ownerId: string | undefined,
  { directory, known }: StackState,
): Promise<KeyValue> {
  const named = await client.list(API.listKeyValues, {}, { name, ownerId });
  const [found, ...others] = named.filter((instance) => instance.name === name && instance.region === region);
  if (found === undefined) {
    const elsewhere = named.map((instance) => `${instance.id} in ${instance.region}`).join(", ");
    throw new NoInstance(
      `no instance "${name}" in ${region}${elsewhere === "" ? "" : `, only ${elsewhere}`}`,
      `Deploy it: npx cdktf deploy ${environment}. If it exists, check RENDER_OWNER_ID and the key's workspace.`,
    );
  }
  if (others.length === 0) return found;
  const all = [found, ...others];
  const state = await known();
  const [ours, ...more] = all.filter(({ id }) => state !== undefined && knows(state, id));
  if (ours !== undefined && more.length === 0) return ours;
  const inState = ours === undefined ? "none of them" : [ours, ...more].map(({ id }) => id).join(", ");
  throw new NoInstance(
    `${all.length} instances "${name}" in ${region}: ${all.map(({ id }) => id).join(", ")}; ` +
      (state === undefined ? `the state in ${directory} cannot be read` : `the state knows ${inState}`),
    "Say which: --instance <id>.",
    { ambiguous: true },
  );
}

/**
 * Waits until Render calls the instance available. A new one is `unknown`, then `creating`, for up to some minutes.
 *
 * @returns `undefined` when the signal fires first.
 * @throws NoInstance when it is suspended or broken; RenderApiError.
 */
export function waitUntilAvailable(
  client: RenderClient,
  id: string,
  signal: AbortSignal,
  onStatus: (status: string) => void,
): Promise<KeyValue | undefined> {
  return until(
    async () => {
      const instance = await client.call(API.getKeyValue, { id });
      if (READY.includes(instance.status)) return instance;
      refuseStuck(instance);
      onStatus(instance.status);
      return undefined;
    },
    { signal, ...POLLS },
  );
}

/**
 * Looks after the instance from time to time, until the signal.
 *
 * @throws NoInstance once it is deleted, suspended or broken.
 */
export async function watchInstance(client: RenderClient, id: string, signal: AbortSignal): Promise<void> {
  await sleep(POLLS.longest, signal);
  await until(
    async () => {
      try {
        refuseStuck(await client.call(API.getKeyValue, { id }));
      } catch (error) {
        if (error instanceof RenderApiError && error.status === 404) {
          throw new NoInstance("it was deleted meanwhile", "Deploy it again.");
        }
        // That the API is slow or busy says nothing about the instance.
        if (!(error instanceof RenderApiError)) throw error;
      }
      return false;
    },
    { signal, first: POLLS.longest },
  );
}

function refuseStuck({ status }: KeyValue): void {
  if (!STUCK.includes(status)) return;
  throw new NoInstance(`the instance is ${status}`, "Resume or restore it in Render's dashboard.");
}
