import { Command, Redis } from "ioredis";
import type { RedisAddress } from "../../redis/address.ts";
import { RedisFailure } from "../../redis/failure.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/** Milliseconds that a trial's keys live after its last command: longer than any trial takes. */
const KEYS_LIVE_MS = 30_000;
const EXPIRE = `for _, key in ipairs(KEYS) do redis.call("PEXPIRE", key, ${KEYS_LIVE_MS}) end`;
/** All that the libraries keep of a queue that has had one job. They give hardly any of it a time to live. */
const SUFFIXES = [
  ...[
    "id",
    "1",
    "1:lock",
    "1:logs",
    "1:dependencies",
    "1:processed",
    "wait",
    "active",
    "paused",
    "delayed",
    "priority",
  ],
  ...[
    "prioritized",
    "pc",
    "stalled",
    "stalled-check",
    "completed",
    "failed",
    "waiting-children",
    "meta",
    "meta-paused",
  ],
  ...["events", "marker", "limiter", "repeat", "metrics:completed", "metrics:completed:data", "metrics:failed"],
  ...["metrics:failed:data", "de"],
];

/**
 * The ioredis clients of one trial. Both libraries want clients that wait and retry without end; here the first error ends the
 * trial. ioredis puts the password into its errors, so no error leaves this file.
 */
export class Clients {
  /** Rejects with the first error of any client, or when the other side ends a connection. */
  readonly failed: Promise<never>;
  readonly #address: RedisAddress;
  readonly #queue: string;
  readonly #clients: TrialClient[] = [];
  #first: RedisFailure | undefined;
  #fail: (failure: RedisFailure) => void = () => {};

  /** @param queue What all keys of the trial begin with: the library's prefix and the queue's name. */
  constructor(address: RedisAddress, queue: string) {
    this.#address = address;
    this.#queue = queue;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // It may be rejected before anybody waits for it.
    this.failed.catch(() => {});
  }

  /** A client as Bull and BullMQ demand it, but one that gives up. */
  connect(): Redis {
    const { host, port, username, password, db, tls, via } = this.#address;
    const client = new TrialClient({
      host,
      port,
      ...via,
      db,
      protocol: 2,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // ioredis keeps the process alive for this long after a connection has ended by itself.
      disconnectTimeout: 50,
      enableReadyCheck: false,
      disableClientInfo: true,
      maxRetriesPerRequest: null,
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls ? { tls: { rejectUnauthorized: true, ...(via === undefined ? {} : { servername: host }) } } : {}),
    });
    client.expiring = SUFFIXES.map((suffix) => `${this.#queue}:${suffix}`);
    client.on("error", (error: unknown) => this.#failWith(error));
    // For ioredis it is no error when the other side closes.
    client.on("end", () => {
      if (!client.endAsked) this.#failWith(new RedisFailure("CLOSED"));
    });
    this.#clients.push(client);
    return client;
  }

  /** What an error of a library or a client stands for; the first error of a connection explains all later ones. */
  classify(error: unknown): RedisFailure {
    if (this.#first !== undefined) return this.#first;
    if (error instanceof Error && /^[A-Z]+ /.test(error.message) && error.name === "ReplyError") {
      return RedisFailure.fromReply(error.message);
    }
    if (error instanceof RedisFailure) return error;
    if (error instanceof Error && "code" in error) return RedisFailure.fromSocket(error);
    // The only sign that ioredis gives when a connection ended before an answer came.
    const closed = error instanceof Error && error.message === "Connection is closed.";
    return new RedisFailure(closed ? "CLOSED" : "ERR");
  }

  /** Ends every client at once, and for good. */
  close(): void {
    for (const client of this.#clients) client.retire();
  }

  #failWith(error: unknown): void {
    this.#first ??= this.classify(error);
    this.#fail(this.#first);
  }
}

/** An ioredis client that knows whether this side ended it, and that can be ended for good. */
class TrialClient extends Redis {
  /** Whether this side asked for the end of the connection. */
  endAsked = false;
  /** What expires by itself. Nothing is sent before it is set: the connection is not there yet. */
  expiring: readonly string[] = [];
  /** Not `#retired`: ioredis connects in its constructor, before a subclass has fields. */
  private retired = false;

  override sendCommand(command: Command, stream?: Parameters<Redis["sendCommand"]>[1]): unknown {
    if (command.name === "quit") this.endAsked = true;
    if (this.status !== "ready" || !this.#writes(command)) return super.sendCommand(command, stream);
    // In one write: a process that is killed leaves no key that does not expire.
    this.stream.cork();
    const sent = super.sendCommand(command, stream);
    const expire = new Command("eval", [EXPIRE, String(this.expiring.length), ...this.expiring]);
    expire.promise.catch(() => {});
    super.sendCommand(expire);
    this.stream.uncork();
    return sent;
  }

  /** Whether a command may make a key of the trial. */
  #writes({ name, args }: Command): boolean {
    const [key = ""] = this.expiring;
    const queue = key.slice(0, key.lastIndexOf(":"));
    return name !== "subscribe" && args.some((arg) => typeof arg === "string" && arg.startsWith(queue));
  }

  override disconnect(reconnect?: boolean): void {
    this.endAsked = true;
    super.disconnect(reconnect);
  }

  override connect(callback?: Parameters<Redis["connect"]>[0]): Promise<void> {
    // While it closes, Bull connects again.
    return this.retired ? new Promise(() => {}) : super.connect(callback);
  }

  /** Ends the connection for good. */
  retire(): void {
    this.retired = true;
    // After its end, disconnect() would keep the process alive a little longer.
    if (this.status !== "end") this.disconnect();
  }
}
