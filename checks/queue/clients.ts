import { type Command, Redis } from "ioredis";
import type { RedisAddress } from "../../redis/address.ts";
import { RedisFailure } from "../../redis/failure.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * The ioredis clients of one trial. Both libraries want clients that wait and retry without end; here the first error ends the
 * trial. ioredis puts the password into its errors, so no error leaves this file.
 */
export class Clients {
  /** Rejects with the first error of any client, or when the other side ends a connection. */
  readonly failed: Promise<never>;
  readonly #address: RedisAddress;
  readonly #clients: TrialClient[] = [];
  #first: RedisFailure | undefined;
  #fail: (failure: RedisFailure) => void = () => {};

  constructor(address: RedisAddress) {
    this.#address = address;
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
  /** Not `#retired`: ioredis connects in its constructor, before a subclass has fields. */
  private retired = false;

  override sendCommand(command: Command, stream?: Parameters<Redis["sendCommand"]>[1]): unknown {
    if (command.name === "quit") this.endAsked = true;
    return super.sendCommand(command, stream);
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
