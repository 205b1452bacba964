import { connect, createServer, type Server } from "node:net";

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
  async open(port: number): Promise<number> {
    await this.#listen(port).catch(() => this.#listen(0));
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("no port to listen on");
    return address.port;
  }

  close(): void {
    this.#server.close();
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(port, HOST, () => {
        this.#server.removeListener("error", reject);
        resolve();
      });
    });
  }
}
