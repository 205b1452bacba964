import type { RedisAddress } from "../../redis/address.ts";
import type { LibraryObservation } from "../observation/observation.ts";
import { TrialThread } from "./trial-thread.ts";

const LIBRARIES = ["Bull", "BullMQ"] as const;

/** One for all environments of a run: starting it and loading the libraries takes longer than the trials. */
let thread: TrialThread | undefined;
let program: Promise<string> | undefined;

/** Takes a job through each of the libraries, side by side. Never rejects. */
export async function tryLibraries(address: RedisAddress, signal: AbortSignal): Promise<LibraryObservation[]> {
  // Where the checks are one file, the build has put the finished program here.
  program ??= import("./build-worker.ts").then(({ buildWorker }) => buildWorker());
  const text = await program;
  const usable = thread?.usable ? thread : new TrialThread(text);
  thread = usable;
  return Promise.all(
    LIBRARIES.map(async (library) => ({ library, outcome: await usable.outcomeOf(library, address, signal) })),
  );
}
