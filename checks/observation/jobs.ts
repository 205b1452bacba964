import type { RedisAddress } from "../../redis/address.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { parseInfo } from "../../redis/info.ts";
import { QueueSearch } from "../../redis/queue-keys.ts";
import { libraryOf } from "../../redis/queues.ts";
import { scan } from "../../redis/scan.ts";
import { inSession } from "../../redis/session.ts";
import { sizeStates } from "../../redis/sizes.ts";
import type { CoreObservation, Observation } from "./observation.ts";

/** The share of the memory from which it is worth knowing what takes it. */
const NEARLY_FULL = 0.6;
/** SCANs of so many keys. A job's name tells of its queue, so a few are enough. */
const SCANS = 20;
const SCAN_KEYS = 500;
/** Jobs of each state that are measured. */
const JOBS = 50;

/** What queues take of a memory that is nearly full; `undefined` while there is room, and where it cannot be asked. */
export async function observeJobs(
  address: RedisAddress,
  { info }: CoreObservation,
  signal: AbortSignal,
): Promise<Observation["jobs"]> {
  const { used_memory: used, maxmemory: limit } = "reply" in info ? parseInfo(String(info.reply)) : {};
  if (!(Number(limit) > 0 && Number(used) >= Number(limit) * NEARLY_FULL)) return undefined;
  try {
    return await inSession(address, { signal }, async (connection) => {
      const search = new QueueSearch();
      let scans = 0;
      for await (const keys of scan(connection, SCAN_KEYS)) {
        for (const key of keys) search.add(key);
        scans += 1;
        if (scans === SCANS) break;
      }
      const states = await sizeStates(connection, await search.find(connection), JOBS, { by: "some elements" });
      const found: NonNullable<Observation["jobs"]> = [];
      for (const key of states) {
        const { queue, state, jobs, bytes } = key;
        if (jobs > 0) found.push({ queue, version: await libraryOf(connection, key), state, jobs, bytes });
      }
      return found;
    });
  } catch (error) {
    if (!(error instanceof RedisFailure)) throw error;
    return undefined;
  }
}
