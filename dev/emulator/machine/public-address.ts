import { connect, createServer, type Server } from "node:net";
import { listen } from "./listen.ts";

const HOST = "127.0.0.1";
const NOTHING_RUNS =
  "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nx-render-routing: no-server\r\nconnection: close\r\n\r\n";

/** The address of a service as the world sees it. It stays while the processes behind it come and go. */
export class PublicAddress {
  readonly #server: Server;
  /** The port of the process that takes the traffic now. */
  target: number | undefined;

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      client.on("error", () => {});
      if (this.target === undefined) {
        client.end(NOTHING_RUNS);
        return;
      }
      const server = connect({ host: HOST, port: this.target, allowHalfOpen: true });
      server.once("error", () => client.end(NOTHING_RUNS));
      server.once("connect", () => server.removeAllListeners("error").on("error", () => client.destroy()));
      client.once("close", () => server.destroy());
      client.pipe(server).pipe(client);
    });
  }

  /** Listens on the port of the last run, or on another one when that is taken. Gives the port. */
  open(port: number): Promise<number> {
    return listen(this.#server, port).catch(() => listen(this.#server, 0));
  }

  close(): void {
    this.#server.close();
  }
}
