import { Worker } from "node:worker_threads";
import type { Answer, LibraryObservation } from "../observation/observation.ts";
import type { RedisAddress } from "../redis/address.ts";
import type { TrialTask } from "./worker.ts";

const PATIENCE_MS = 15_000;

const LIBRARIES = ["Bull", "BullMQ"] as const;

/**
 * Takes a job through each of the libraries, side by side. Never rejects.
 *
 * Each works in a thread of its own: with a connection that fails, Bull goes round in circles that leave its thread no time for
 * anything else, least of all for a deadline, and both let errors go that would end the process.
 */
export async function tryLibraries(address: RedisAddress, signal: AbortSignal): Promise<LibraryObservation[]> {
  // Where the checks are one file, the build has put the finished program here.
  const { buildWorker } = await import("./build-worker.ts");
  const program = await buildWorker();
  return Promise.all(
    LIBRARIES.map(async (library) => ({ library, outcome: await inThread(program, { library, address }, signal) })),
  );
}

async function inThread(program: string, workerData: TrialTask, stop: AbortSignal): Promise<Answer> {
  if (stop.aborted) return { failure: "STOPPED" };
  // What the libraries print may hold anything; with streams of its own it goes nowhere.
  const worker = new Worker(program, { eval: true, workerData, stdout: true, stderr: true });
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await new Promise<Answer>((resolve) => {
      worker.once("message", resolve);
      worker.once("error", () => resolve({ failure: "ERR" }));
      stop.addEventListener("abort", () => resolve({ failure: "STOPPED" }), { once: true });
      patience.addEventListener("abort", () => resolve({ failure: "TIMEOUT" }), { once: true });
    });
  } finally {
    await worker.terminate();
  }
}
