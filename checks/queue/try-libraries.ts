import type { RedisAddress } from "../../redis/address.ts";
import type { QueueLibrary } from "../../render/spellings.ts";
import type { LibraryObservation } from "../observation/observation.ts";
import { TrialThread } from "./trial-thread.ts";

const LIBRARIES = { bull: "Bull", bullmq: "BullMQ" } as const;

/** One for all environments of a run: starting it and loading the libraries takes longer than the trials. */
let thread: TrialThread | undefined;
let program: Promise<string> | undefined;

/** Takes a job through each of these libraries that is at hand, side by side. Never rejects. */
export async function tryLibraries(
  queues: readonly QueueLibrary[],
  address: RedisAddress,
  signal: AbortSignal,
): Promise<LibraryObservation[]> {
  // Where the checks are one file, the build has put the finished program here.
  program ??= import("./build-worker.ts").then(({ buildWorker }) => buildWorker());
  const text = await program;
  const usable = thread?.usable ? thread : new TrialThread(text);
  thread = usable;
  const known = (["bull", "bullmq"] as const).filter((library) => queues.includes(library));
  return Promise.all(
    known
      .map((name) => LIBRARIES[name])
      .map(async (library) => ({ library, outcome: await usable.outcomeOf(library, address, signal) })),
  );
}
