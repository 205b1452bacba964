import { createServer, type IncomingMessage, type Server } from "node:http";

const LOCKED = 423;

/** Where Terraform's `http` backend keeps a state, with its lock. */
export class StateServer {
  readonly #server: Server;
  #state: string | undefined;
  #lock: string | undefined;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await readAll(request);
      const [status, text] = this.#answer(request.method ?? "", body);
      response.writeHead(status).end(text);
    });
  }

  static async start(): Promise<StateServer> {
    const server = new StateServer();
    await new Promise<void>((fulfil) => server.#server.listen(0, "127.0.0.1", fulfil));
    return server;
  }

  get address(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/state`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(method: string, body: string): [status: number, text: string] {
    if (method === "LOCK") {
      if (this.#lock !== undefined) return [LOCKED, this.#lock];
      this.#lock = body;
    } else if (method === "UNLOCK") this.#lock = undefined;
    else if (method === "POST") this.#state = body;
    else if (method === "GET") return this.#state === undefined ? [404, ""] : [200, this.#state];
    return [200, ""];
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
