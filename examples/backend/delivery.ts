import type { JobCounts } from "bull";
import { Breaker } from "./breaker.ts";
import { log, logErrors } from "./log.ts";
import { CHANNELS, type Message } from "./message.ts";
import { Producer, pending, Workers } from "./queues.ts";
import type { Sender } from "./sender.ts";
import type { Settings } from "./settings.ts";

const FIRST_CONNECTION_MS = 2_000;
const DEPTH_INTERVAL_MS = 30_000;

export type Mode = "queued" | "synchronous";

/** How messages go out: through the queue while it takes them, and at once while it does not. */
export class Delivery {
  readonly #settings: Settings;
  readonly #sender: Sender;
  #producer: Producer | undefined;
  #workers: Workers | undefined;
  #breaker: Breaker | undefined;
  #depthTimer: NodeJS.Timeout | undefined;

  constructor(settings: Settings, sender: Sender) {
    this.#settings = settings;
    this.#sender = sender;
  }

  /** Connects. A Redis that is away is no reason not to start: messages are then sent at once until it is there. */
  async start(): Promise<void> {
    const { REDIS_URL: url, ENABLE_QUEUES: enabled, QUEUE_CONCURRENCY, QUEUE_ADD_TIMEOUT_MS } = this.#settings;
    if (url === undefined) {
      log(enabled ? "!" : "✓", `mode: synchronous (${enabled ? "REDIS_URL is not set" : "ENABLE_QUEUES is off"})`);
      return;
    }
    // Also with the queue switched off: what was accepted into it is still owed.
    this.#workers = new Workers(url, this.#sender, QUEUE_CONCURRENCY, logErrors("worker"));
    if (!enabled) {
      log("✓", "mode: synchronous (ENABLE_QUEUES is off); waiting jobs are processed");
      return;
    }
    const producer = new Producer(url, QUEUE_ADD_TIMEOUT_MS, logErrors("queue"));
    this.#producer = producer;
    this.#breaker = new Breaker(producer.connections.client, (closed, reason) => {
      if (closed) log("✓", `Successfully connected to Redis\n[✓] mode: queued`);
      else log("!", `mode: synchronous (${reason})`);
    });
    log("✓", `Queues initialized: ${Object.values(CHANNELS).join(", ")}`);
    await this.#breaker.firstProbe(FIRST_CONNECTION_MS);
    if (!this.#breaker.closed) log("!", "mode: synchronous (Redis does not answer)");
    this.#depthTimer = setInterval(() => void this.#logDepth(), DEPTH_INTERVAL_MS).unref();
  }

  get mode(): Mode {
    return this.#breaker?.closed ? "queued" : "synchronous";
  }

  /** Takes a message: it is in the queue, or sent, when this is fulfilled. @throws Error when it is neither. */
  async accept(message: Message): Promise<Mode> {
    const producer = this.#producer;
    if (producer !== undefined && this.#breaker?.closed) {
      try {
        await this.#breaker.use(() => producer.add(message));
        return "queued";
      } catch {
        // Redis may have the job all the same. The sender sends the message once, whichever way it comes.
      }
    }
    await this.#sender.send(message);
    return "synchronous";
  }

  /** Jobs by queue; `undefined` when there is no queue or it does not answer. */
  async depth(): Promise<Record<string, JobCounts> | undefined> {
    return this.#breaker?.closed ? this.#producer?.depth().catch(() => undefined) : undefined;
  }

  /** Takes no more jobs, finishes those under way, and disconnects. */
  async stop(): Promise<void> {
    clearInterval(this.#depthTimer);
    this.#breaker?.stop();
    await this.#workers?.close();
    this.#producer?.connections.close();
  }

  async #logDepth(): Promise<void> {
    const depth = await this.depth();
    if (depth !== undefined) log("!", `Queue depth: ${pending(depth)} jobs pending`);
  }
}
