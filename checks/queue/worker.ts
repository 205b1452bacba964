import { parentPort } from "node:worker_threads";
import type { RedisAddress } from "../../redis/address.ts";
import type { Answer, LibraryObservation } from "../observation/observation.ts";
import { outcomeOf } from "./libraries.ts";

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
