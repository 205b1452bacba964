import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { sleep } from "../../runtime/wait.ts";

const message = z.object({ id: z.string() });

/** Plays the provider that the backend sends messages with, and counts how often it was given each. */
export class ProviderSink {
  readonly #server: Server;
  readonly #times = new Map<string, number>();

  private constructor(latencyMs: number) {
    this.#server = createServer(async (request, response) => {
      const { id } = message.parse(await json(request));
      await sleep(latencyMs);
      this.#times.set(id, this.times(id) + 1);
      response.end();
    });
  }

  /** @param latencyMs What sending one message takes. */
  static async start(latencyMs: number): Promise<ProviderSink> {
    const sink = new ProviderSink(latencyMs);
    await new Promise<void>((resolve) => sink.#server.listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("the sink does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** How often a message was sent. */
  times(id: string): number {
    return this.#times.get(id) ?? 0;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
