import { createServer } from "node:http";
import { Stop } from "../runtime/errors.ts";

/**
 * Serves a text for Prometheus at `/metrics`, until the signal.
 *
 * @returns Where: `127.0.0.1:9121`.
 * @throws Stop when the port cannot be had.
 */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  text: () => string,
  signal: AbortSignal,
): Promise<string> {
  const server = createServer((request, response) => {
    const isFound = request.url?.split("?")[0] === "/metrics";
    const isRead = request.method === "GET" || request.method === "HEAD";
    response.statusCode = !isFound ? 404 : isRead ? 200 : 405;
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(response.statusCode === 200 ? text() : "Metrics are at /metrics.\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen({ host, port }, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const remedy = "Choose another with --listen, or stop the other program.";
    throw new Stop("misused", `Port ${port} of ${host} cannot be had (${error.code}).`, { remedy });
  });
  signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return `${host.includes(":") ? `[${host}]` : host}:${typeof address === "object" ? address?.port : port}`;
}
