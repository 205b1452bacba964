import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { sleep } from "../../runtime/wait.ts";
import { listen } from "../emulator/machine/listen.ts";

const message = z.object({ id: z.string() });

/** Plays the provider that the backend sends messages with, and counts how often it was given each. */
export class ProviderSink {
  readonly #server: Server;
  readonly #times = new Map<string, number>();
  /** Where it takes messages. */
  url = "";

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
    sink.url = `http://127.0.0.1:${await listen(sink.#server, 0)}`;
    return sink;
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
