import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";

export interface HttpProxyOptions {
  /** What is behind the proxy: a port of this machine for each `host:port`. */
  readonly routes: Readonly<Record<string, number>>;
  /** Answers a call with this status instead, or passes it on. */
  readonly refuse?: (request: IncomingMessage, place: string) => number | undefined;
}

/** A small proxy, as companies have one: it passes requests on, and connects to what is asked for. */
export async function startHttpProxy({ routes, refuse = () => undefined }: HttpProxyOptions) {
  /** Every request, as `CONNECT host:port` or `GET http://…`. */
  const calls: string[] = [];
  const server = createServer((incoming, answer) => {
    calls.push(`${incoming.method} ${incoming.url}`);
    const { host, pathname, search } = new URL(incoming.url ?? "");
    const port = routes[host.includes(":") ? host : `${host}:80`] ?? 1;
    const { method, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port, method, headers, path: pathname + search }, (message) => {
      answer.writeHead(message.statusCode ?? 502);
      message.pipe(answer);
    });
    onward.on("error", () => answer.writeHead(502).end());
    incoming.pipe(onward);
  });
  server.on("connect", (incoming: IncomingMessage, near) => {
    const place = incoming.url ?? "";
    calls.push(`CONNECT ${place}`);
    const status = refuse(incoming, place);
    if (status !== undefined) {
      near.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const far = connect(routes[place] ?? 1, "127.0.0.1", () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      far.pipe(near).pipe(far);
    });
    far.on("error", () => near.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    near.on("error", () => far.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    place: `127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    calls,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
