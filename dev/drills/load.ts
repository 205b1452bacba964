import { z } from "zod";
import { sleep, within } from "../../runtime/wait.ts";

const CHANNELS = ["sms", "mms", "mail", "analytics"] as const;
/** Far beyond what the slowest machine needs. */
const GIVE_UP_MS = 60_000;
const answerSchema = z.object({ mode: z.enum(["queued", "synchronous"]) });

/** One message that was brought to the backend. */
export interface Delivered {
  readonly id: string;
  /** When it was brought, in milliseconds since 1970. */
  readonly at: number;
  readonly latencyMs: number;
  /** What the backend did with it; `refused` when it did not take it. */
  readonly mode: "queued" | "synchronous" | "refused";
}

/** Brings messages to the backend at a steady rate, as its callers do, whether it answers quickly or not. */
export class Load {
  readonly messages: Delivered[] = [];
  readonly #url: string;
  readonly #intervalMs: number;
  readonly #under = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #count = 0;

  /** @param url The backend's public address. */
  constructor(url: string, perSecond: number) {
    this.#url = new URL("/messages", url).href;
    this.#intervalMs = 1_000 / perSecond;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Brings a number of messages at once, all for one queue. */
  async burst(number: number): Promise<void> {
    await Promise.all(Array.from({ length: number }, () => this.#bring("mail")));
  }

  /** Stops, and waits for the last answer. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await Promise.all(this.#under);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let due = Date.now();
    while (!signal.aborted) {
      const bringing = this.#bring(CHANNELS[this.#count % CHANNELS.length] ?? "sms");
      this.#under.add(bringing);
      void bringing.then(() => this.#under.delete(bringing));
      due += this.#intervalMs;
      await sleep(Math.max(0, due - Date.now()), signal);
    }
  }

  async #bring(channel: (typeof CHANNELS)[number]): Promise<void> {
    this.#count += 1;
    const id = `drill-${this.#count}`;
    const at = Date.now();
    const begin = performance.now();
    const mode = await this.#post({ id, channel, to: "+15550100", text: "drill" });
    this.messages.push({ id, at, latencyMs: performance.now() - begin, mode });
  }

  async #post(message: Record<string, string>): Promise<Delivered["mode"]> {
    try {
      return await within(GIVE_UP_MS, async (signal) => {
        const headers = { "content-type": "application/json" };
        const answer = await fetch(this.#url, { method: "POST", headers, body: JSON.stringify(message), signal });
        const body = answerSchema.safeParse(await answer.json());
        return answer.ok && body.success ? body.data.mode : "refused";
      });
    } catch {
      return "refused";
    }
  }
}
