import { randomBytes } from "node:crypto";
import type { LibraryObservation } from "../observation/observation.ts";
import type { RedisAddress } from "../redis/address.ts";
import { RedisFailure } from "../redis/failure.ts";
import { completeWithBull } from "./bull.ts";
import { completeWithBullMq } from "./bullmq.ts";
import { Clients } from "./clients.ts";

const PATIENCE_MS = 15_000;

/** Takes one job through a queue of its own and leaves nothing behind. */
export type CompleteJob = (clients: Clients, queue: string, signal: AbortSignal) => Promise<void>;

const LIBRARIES: readonly (readonly [library: string, complete: CompleteJob])[] = [
  ["Bull", completeWithBull],
  ["BullMQ", completeWithBullMq],
];

/** Takes a job through each of the libraries, side by side. Never rejects. */
export function tryLibraries(address: RedisAddress, signal: AbortSignal): Promise<LibraryObservation[]> {
  return Promise.all(
    LIBRARIES.map(async ([library, complete]) => ({ library, outcome: await outcomeOf(complete, address, signal) })),
  );
}

async function outcomeOf(
  complete: CompleteJob,
  address: RedisAddress,
  stop: AbortSignal,
): Promise<LibraryObservation["outcome"]> {
  const clients = new Clients(address);
  const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]);
  const queue = `render-redis-check-${randomBytes(9).toString("hex")}`;
  try {
    const ended = new Promise<never>((_, reject) => {
      const kind = () => new RedisFailure(stop.aborted ? "STOPPED" : "TIMEOUT");
      if (signal.aborted) reject(kind());
      signal.addEventListener("abort", () => reject(kind()), { once: true });
    });
    await Promise.race([complete(clients, queue, signal), clients.failed, ended]);
    return { reply: "OK" };
  } catch (error) {
    return { failure: clients.classify(error).kind };
  } finally {
    clients.close();
  }
}
