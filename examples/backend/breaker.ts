import type { Redis } from "ioredis";
import { errorKind } from "./log.ts";

const PROBE_INTERVAL_MS = 250;
/** Not one of Bull's keys. It has a lifetime, so that nothing of it is left behind. */
const PROBE_KEY = "connect-yw-backend:probe";

/**
 * Knows whether the queue takes jobs, so that a caller never waits to find out what is known already.
 *
 * The first failure opens it, and whoever waits for an answer at that moment stops waiting. While it is open no message
 * is risked: a write of its own, four times a second, finds out when Redis is back. It has to be a write: a full Redis
 * answers PING.
 */
export class Breaker {
  readonly #redis: Redis;
  readonly #onChange: (closed: boolean, reason: string) => void;
  readonly #waiting = new Set<(error: Error) => void>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #stopped = false;

  /** It begins open: nothing is known of the queue. Fulfil {@link firstProbe} to begin with knowledge. */
  constructor(redis: Redis, onChange: (closed: boolean, reason: string) => void) {
    this.#redis = redis;
    this.#onChange = onChange;
    // A connection that broke tells of an outage before any message meets it.
    redis.on("close", () => this.open("the connection is closed"));
  }

  /** Whether the queue took the last thing that it was given. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Waits until the connection is up and has been tried, or until it is clear that it is not. */
  async firstProbe(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#redis.once("ready", resolve);
      setTimeout(resolve, withinMs).unref();
    });
    await this.#probe();
  }

  /** Does something with the queue. Rejects when it fails, or when the breaker opens meanwhile, and opens it. */
  async use(work: () => Promise<void>): Promise<void> {
    let stopWaiting = (_error: Error) => {};
    const opened = new Promise<never>((_, reject) => {
      stopWaiting = reject;
    });
    this.#waiting.add(stopWaiting);
    try {
      await Promise.race([work(), opened]);
    } catch (error) {
      this.open(errorKind(error));
      throw error;
    } finally {
      this.#waiting.delete(stopWaiting);
    }
  }

  /** The queue failed: take no more messages to it until a probe succeeds. */
  open(reason: string): void {
    if (this.#closed) {
      this.#closed = false;
      this.#onChange(false, reason);
      for (const stopWaiting of this.#waiting) stopWaiting(new Error(reason));
    }
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#probe();
    }, PROBE_INTERVAL_MS);
  }

  async #probe(): Promise<void> {
    try {
      await this.#redis.set(PROBE_KEY, "", "EX", 10);
      if (this.#closed || this.#stopped) return;
      this.#closed = true;
      this.#onChange(true, "");
    } catch {
      this.#schedule();
    }
  }
}
