import { parseRedisUrl } from "../redis/address.ts";
import { RedisFailure } from "../redis/failure.ts";
import { API, type KeyValue } from "../render/api/endpoints.ts";
import type { Program } from "./program.ts";
import { type LookOptions, noConnection, type Sighting } from "./vantage.ts";

/** Looks at the Redis from this machine, over TLS and through the allow list. */
export async function lookFromOutside<Seen>(
  program: Program<Seen>,
  instance: KeyValue,
  { client, secrets, signal, onProgress }: LookOptions,
  connectWithinMs: number,
): Promise<Sighting<Seen>> {
  // The API shows an external URL even when nobody may use it.
  if (instance.ipAllowList.length === 0) {
    return {
      obstacle: {
        reason: "the allow list is empty, so nobody may connect from outside",
        remedy: "Add this machine's address to `redis.ipAllowList`.",
      },
    };
  }
  onProgress("connecting from outside");
  const { externalConnectionString: url } = await client.call(API.getConnectionInfo, { id: instance.id });
  secrets.addUrl(url);
  try {
    if (sendsPasswordInClear(url)) return { obstacle: noConnection("NO_TLS") };
    return { seen: await program.here(url, { signal, connectWithinMs, onProgress }) };
  } catch (error) {
    if (!(error instanceof RedisFailure)) throw error;
    return { obstacle: noConnection(error.kind) };
  }
}

/** Whether a login would cross a network unencrypted. What stays on this machine crosses none. */
function sendsPasswordInClear(url: string): boolean {
  const { host, tls, password } = parseRedisUrl(url);
  return !tls && password !== undefined && !/^(localhost|127(\.\d+){3}|::1)$/.test(host);
}
