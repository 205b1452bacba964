import { parseRedisUrl, type RedisAddress } from "../redis/address.ts";
import { RedisFailure } from "../redis/failure.ts";
import { API, type KeyValue } from "../render/api/endpoints.ts";
import { type HttpProxy, ProxyFailure, proxyFor } from "../runtime/proxy.ts";
import type { Program } from "./program.ts";
import { openTunnel, type Tunnel } from "./tunnel.ts";
import { type LookOptions, noConnection, type Sighting } from "./vantage.ts";

/** Looks at the Redis from this machine, over TLS and through the allow list. */
export async function lookFromOutside<Seen>(
  program: Program<Seen>,
  instance: KeyValue,
  { client, secrets, signal, onProgress, connectionInfo }: LookOptions,
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
  const info = connectionInfo?.() ?? client.call(API.getConnectionInfo, { id: instance.id });
  const { externalConnectionString: url } = await info;
  secrets.addUrl(url);
  let proxy: HttpProxy | undefined;
  let tunnel: Tunnel | undefined;
  try {
    const address = parseRedisUrl(url);
    if (sendsPasswordInClear(address)) return { obstacle: noConnection("NO_TLS") };
    proxy = address.tls ? proxyFor("https", address) : undefined;
    tunnel = proxy === undefined ? undefined : await openTunnel(proxy, address, signal);
    return { seen: await program.here(url, { signal, connectWithinMs, onProgress, via: tunnel?.entrance }) };
  } catch (error) {
    if (!(error instanceof RedisFailure || error instanceof ProxyFailure)) throw error;
    const direct = "List the host in NO_PROXY to connect without the proxy, or look from inside: --vantage inside.";
    if (error instanceof ProxyFailure) return { obstacle: { reason: `${error.message} to the Redis`, remedy: direct } };
    const obstacle = noConnection(error.kind);
    if (proxy === undefined) return { obstacle };
    const { reason, remedy } = obstacle;
    return {
      obstacle: {
        ...obstacle,
        reason: `${reason}, by way of the proxy in ${proxy.variable}`,
        remedy: `${remedy} ${direct}`,
      },
    };
  } finally {
    tunnel?.close();
  }
}

/** Whether a login would cross a network unencrypted. What stays on this machine crosses none. */
function sendsPasswordInClear({ host, tls, password }: RedisAddress): boolean {
  return !tls && password !== undefined && !/^(localhost|127(\.\d+){3}|::1)$/.test(host);
}
