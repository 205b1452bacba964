import { deflateRawSync } from "node:zlib";
import { observe } from "../checks/observation/observe.ts";
import { parseRedisUrl } from "../redis/address.ts";
import { RedisFailure } from "../redis/failure.ts";
import { LINE_LENGTH, LINE_PREFIX, type ProbeTask } from "./probe-lines.ts";

/**
 * The program of the one-off job: looks at the Redis from inside and prints what it saw, packed into lines that no log
 * breaks. It brings everything with it, because the backend's image has Node and nothing else that can be counted on.
 */
async function probe({ instanceId, withinMs, experiments }: ProbeTask): Promise<void> {
  const signal = AbortSignal.timeout(withinMs);
  let seen: unknown;
  try {
    seen = { observation: await observe(internalUrl(instanceId), { signal, connectWithinMs: withinMs, experiments }) };
  } catch (error) {
    seen = { failure: RedisFailure.fromSocket(error).kind };
    process.exitCode = 1;
  }
  const text = deflateRawSync(JSON.stringify(seen)).toString("base64");
  const lines = text.match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  lines.forEach((line, index) => {
    console.log(`${LINE_PREFIX} ${index + 1}/${lines.length} ${line}`);
  });
}

/** With internal authentication on, only the backend's own variables know the password. */
function internalUrl(instanceId: string): string {
  const own = process.env.REDIS_URL;
  try {
    if (own !== undefined && parseRedisUrl(own).host === instanceId) return own;
  } catch {
    // Some other service's URL.
  }
  return `redis://${instanceId}:6379`;
}

void probe(JSON.parse(process.argv[1] ?? ""));
