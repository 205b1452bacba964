import { randomBytes } from "node:crypto";
import type { RedisAddress } from "../../redis/address.ts";
import type { LibraryObservation } from "../observation/observation.ts";
import { tryBull } from "./bull.ts";
import { tryBullMq } from "./bullmq.ts";
import { Clients } from "./clients.ts";

/** A library at work on a queue of its own. */
interface Trial {
  /** Takes a job that adds one to 41 through the queue, leaves nothing behind, and answers with the result. */
  complete(): Promise<unknown>;
  /** Ends whatever the library still does, however far it came. */
  end(): void;
}

export type StartTrial = (clients: Clients, queue: string) => Trial;

const LIBRARIES: Readonly<Record<LibraryObservation["library"], StartTrial>> = { Bull: tryBull, BullMQ: tryBullMq };

/** Takes a job through one of the libraries. Never rejects. */
export async function outcomeOf(
  library: LibraryObservation["library"],
  address: RedisAddress,
): Promise<LibraryObservation["outcome"]> {
  const clients = new Clients(address);
  let trial: Trial | undefined;
  try {
    trial = LIBRARIES[library](clients, `render-redis-check-${randomBytes(9).toString("hex")}`);
    const answer = await Promise.race([trial.complete(), clients.failed]);
    return answer === 42 ? { reply: "OK" } : { failure: "ERR" };
  } catch (error) {
    return { failure: clients.classify(error).kind };
  } finally {
    trial?.end();
    clients.close();
  }
}
