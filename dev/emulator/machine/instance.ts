import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { sleep, until } from "../../../runtime/wait.ts";
import type { KeyValueState, KeyValueStatus } from "../state/schema.ts";
import { RedisServer } from "./redis-server.ts";
import type { Supervisor } from "./supervisor.ts";

const STUCK_POLL_MS = 50;
/** Render, too, starts a crashed server again; a server that crashes at once must not do so in a tight loop. */
const CRASH_PAUSE_MS = 500;

export interface InstanceOptions {
  readonly state: KeyValueState;
  readonly command: string;
  readonly socket: string;
  /** Where all instances keep their data. */
  readonly dataRoot: string;
  readonly supervisor: Supervisor;
  /** Milliseconds that creating, and each restart, takes. */
  readonly delayMs: number;
  readonly stuck: () => boolean;
  readonly onStatus: (status: KeyValueStatus) => void;
  readonly onLine: (line: string) => void;
}

/** The server of one instance. Its changes of state happen one after another, in the order they were asked for. */
export class Instance {
  readonly #options: InstanceOptions;
  readonly #closing = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;
  #server: RedisServer | undefined;
  #held = false;

  constructor(options: InstanceOptions) {
    this.#options = options;
  }

  /** Starts the server after a delay, as at creation; at once when the whole emulator starts again. */
  start(delayMs = this.#options.delayMs): Promise<void> {
    return this.#enqueue(() => this.#bringUp(delayMs));
  }

  /** Replaces the server by one with the present settings. @param wipe Whether the data is lost. */
  restart(wipe: boolean): Promise<void> {
    return this.#enqueue(async () => {
      await this.#bringDown();
      if (wipe) this.#wipe();
      await this.#bringUp(this.#options.delayMs);
    });
  }

  suspend(): Promise<void> {
    return this.#enqueue(() => this.#bringDown());
  }

  /** Kills the server and keeps it from starting until {@link release}. */
  kill(): Promise<void> {
    this.#held = true;
    this.#server?.process.signal("SIGKILL");
    return this.#enqueue(async () => {
      await this.#server?.process.exited;
      this.#server = undefined;
      this.#options.onStatus("unavailable");
    });
  }

  release(): Promise<void> {
    this.#held = false;
    return this.#enqueue(() => this.#bringUp(0));
  }

  /** Suspends the server's process (SIGSTOP): clients get no answer. */
  freeze(): void {
    this.#server?.process.signal("SIGSTOP");
  }

  thaw(): void {
    this.#server?.process.signal("SIGCONT");
  }

  /** Uses a connection with all rights. @throws Error when no server answers. */
  async admin<T>(use: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.#server === undefined) throw new Error(`${this.#options.state.id} has no running server`);
    return this.#server.admin(use);
  }

  /** Stops the server for good. The data stays. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#enqueue(() => this.#bringDown());
  }

  async delete(): Promise<void> {
    await this.close();
    this.#wipe();
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#waiting += 1;
    this.#work = this.#work
      .then(work)
      .catch((error: unknown) => {
        this.#options.onLine(error instanceof Error ? error.message : "failed");
        this.#options.onStatus("unavailable");
      })
      .finally(() => {
        this.#waiting -= 1;
      });
    return this.#work;
  }

  async #bringUp(delayMs: number): Promise<void> {
    const { signal } = this.#closing;
    if (!(await sleep(delayMs, signal))) return;
    if (!(await until(() => !this.#options.stuck(), { signal, first: STUCK_POLL_MS }))) return;
    if (this.#held || this.#server !== undefined) return;
    const { state: instance, command, socket, supervisor, onLine } = this.#options;
    const dataDirectory = this.#dataDirectory;
    const server = await RedisServer.start({ instance, command, socket, dataDirectory, supervisor, onLine });
    this.#server = server;
    void server.process.exited.then(() => this.#crashed(server));
    // With another change waiting, this state is over before anyone could rely on it.
    if (this.#waiting === 1) this.#options.onStatus("available");
  }

  async #bringDown(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.process.stop();
  }

  #crashed(server: RedisServer): void {
    if (this.#server !== server || this.#held) return;
    this.#server = undefined;
    this.#options.onStatus("unavailable");
    void this.start(CRASH_PAUSE_MS);
  }

  get #dataDirectory(): string {
    return join(this.#options.dataRoot, this.#options.state.id);
  }

  #wipe(): void {
    rmSync(this.#dataDirectory, { recursive: true, force: true });
  }
}
