import { randomBytes } from "node:crypto";
import { parentPort } from "node:worker_threads";
import type { RedisAddress } from "../../redis/address.ts";
import type { Answer, LibraryObservation } from "../observation/observation.ts";
import { Clients } from "./clients.ts";
import { LIBRARIES, type Trial } from "./libraries.ts";

/** What the thread is told. */
export interface TrialTask {
  readonly id: number;
  readonly library: LibraryObservation["library"];
  readonly address: RedisAddress;
}

/** What it answers, once for each task. */
export interface TrialAnswer {
  readonly id: number;
  readonly outcome: Answer;
}

// The libraries leave errors of their promises and timers uncaught. The outcome of each job is told in any case.
process.on("unhandledRejection", () => {});
process.on("uncaughtException", () => {});

parentPort?.on("message", async ({ id, library, address }: TrialTask) => {
  const answer: TrialAnswer = { id, outcome: await outcomeOf(library, address) };
  parentPort?.postMessage(answer);
});

/** Takes a job through one of the libraries. Never rejects. */
async function outcomeOf(library: LibraryObservation["library"], address: RedisAddress): Promise<Answer> {
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
