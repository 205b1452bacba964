import { createServer, type Socket } from "node:net";
import { connectThrough, type HttpProxy, type Place, ProxyFailure } from "../runtime/proxy.ts";

/** A port of this machine that leads through a proxy to a place: Redis' libraries know no proxies. */
export interface Tunnel {
  readonly entrance: Place;
  close(): void;
}

/**
 * Digs a tunnel through a proxy. What is sent is not looked at: TLS goes from end to end.
 *
 * @throws ProxyFailure when the proxy refuses. One that cannot reach the place yet is tried again with each connection.
 */
export async function openTunnel(proxy: HttpProxy, place: Place, signal: AbortSignal): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (near) => {
    keep(near);
    connectThrough(proxy, place, signal).then(
      (far) => {
        keep(far);
        near.pipe(far).pipe(near);
        near.on("close", () => far.destroy());
        far.on("close", () => near.destroy());
      },
      () => near.destroy(),
    );
  });
  const keep = (socket: Socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    if (!server.listening) socket.destroy();
  };
  (await connectThrough(proxy, place, signal).catch(unlessRefused))?.destroy();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    entrance: { host: "127.0.0.1", port: typeof address === "object" ? (address?.port ?? 0) : 0 },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof ProxyFailure) || error.refused) throw error;
}
