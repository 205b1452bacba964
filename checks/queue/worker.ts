import { parentPort, workerData } from "node:worker_threads";
import type { LibraryObservation } from "../observation/observation.ts";
import type { RedisAddress } from "../redis/address.ts";
import { outcomeOf } from "./trial.ts";

/** What the thread is told. */
export interface TrialTask {
  readonly library: LibraryObservation["library"];
  readonly address: RedisAddress;
}

// The libraries leave promises behind that nobody waits for; what becomes of the job is told all the same.
process.on("unhandledRejection", () => {});

const { library, address }: TrialTask = workerData;
void outcomeOf(library, address).then((outcome) => parentPort?.postMessage(outcome));
