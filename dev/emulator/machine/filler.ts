import type { Redis } from "ioredis";
import { z } from "zod";
import { newSecret } from "../state/ids.ts";

/** The prefix of the keys that filling an instance makes, so that they can be told from data and deleted. */
const FILLER = "local-render:filler:";
const FILLER_BYTES = 256 * 1024;
const FINEST_FILLER_BYTES = 256;

/** Writes until the server refuses. Whether it refused at once; or began to evict, which is as full as it gets. */
export async function fill(redis: Redis): Promise<boolean> {
  const prefix = `${FILLER}${newSecret(8)}:`;
  const accepts = async (key: string, bytes: number) => {
    return (await redis.set(`${prefix}${key}`, "x".repeat(bytes)).catch(() => "refused")) === "OK";
  };
  if (!(await accepts("first", FINEST_FILLER_BYTES))) return true;
  // Ever smaller values, so that in the end nothing of any size fits.
  for (let bytes = FILLER_BYTES; bytes >= FINEST_FILLER_BYTES; bytes /= 4) {
    for (let index = 0; await accepts(`${bytes}:${index}`, bytes); index += 1) {
      if (index % 64 === 0 && /^evicted_keys:[1-9]/m.test(await redis.info("stats"))) return true;
    }
  }
  return false;
}

/** Deletes what {@link fill} wrote. */
export async function drain(redis: Redis): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${FILLER}*`, count: 500 })) {
    const names = z.array(z.string()).parse(keys);
    if (names.length > 0) await redis.unlink(...names);
  }
}
