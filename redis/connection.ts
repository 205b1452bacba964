import { isIP, type Socket, connect as tcpConnect } from "node:net";
import { TLSSocket, connect as tlsConnect } from "node:tls";
import type { RedisAddress } from "./address.ts";
import { RedisFailure } from "./failure.ts";
import { type Encoding, encode, type Reply, RespParser } from "./resp.ts";

/** Longer than any healthy answer takes from anywhere; short enough to leave time for a second try. */
const PATIENCE_MS = 5_000;
/** Replies that nobody has asked for. A subscription has a few; a peer that sends more is no Redis. */
const MOST_UNREAD = 1_000;

/** What TLS showed of the server. The chain and the name were verified, or there would be no connection. */
export interface TlsFacts {
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** When the certificate ends, in ISO 8601. */
  readonly validTo: string;
}

export interface ConnectionOptions {
  /** Ends the connection. */
  readonly signal: AbortSignal;
  /** Milliseconds in which the answers to what is sent at once must have come, or the connection ends. Default 5,000. */
  readonly patienceMs?: number;
  /** Of what is sent and received. Default `utf8`; `latin1` carries keys and values of any bytes. */
  readonly encoding?: Encoding | undefined;
  /** Bytes: a longer text is not read, and is a `TOO_LARGE` in its place. */
  readonly longestText?: number;
}

/** Who waits for replies. */
interface Waiting {
  readonly replies: Reply[];
  readonly count: number;
  readonly done: () => void;
}

/**
 * One connection to a Redis, for a handful of commands.
 *
 * It speaks the protocol itself: the probe that runs inside Render's network has no `node_modules`, and what is seen from both
 * sides of the allow list can then be compared. Nothing is retried, queued or sent again. A broken connection, a missing
 * answer and an error reply are all {@link RedisFailure} values, which hold nothing of what was sent.
 */
export class Connection {
  readonly tls: TlsFacts | undefined;
  readonly #socket: Socket;
  readonly #patienceMs: number;
  readonly #encoding: Encoding;
  readonly #parser: RespParser;
  readonly #waiting: Waiting[] = [];
  readonly #unread: Reply[] = [];
  #end: RedisFailure | undefined;

  private constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#encoding = options.encoding ?? "utf8";
    this.#parser = new RespParser(this.#encoding, options.longestText);
    this.tls = socket instanceof TLSSocket ? tlsFacts(socket) : undefined;
    const stop = () => this.#fail(new RedisFailure("STOPPED"));
    options.signal.addEventListener("abort", stop, { once: true });
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#fail(RedisFailure.fromSocket(error)));
    socket.on("close", () => {
      options.signal.removeEventListener("abort", stop);
      this.#fail(new RedisFailure("CLOSED"));
    });
  }

  /**
   * Connects, with TLS when the address says so. Does not log in: see {@link login}.
   *
   * @throws RedisFailure
   */
  static async open(address: RedisAddress, options: ConnectionOptions): Promise<Connection> {
    if (options.signal.aborted) throw new RedisFailure("STOPPED");
    const { host, port } = address.via ?? address;
    const servername = isIP(address.host) === 0 ? { servername: address.host } : {};
    const socket = address.tls
      ? // Always verified: NODE_TLS_REJECT_UNAUTHORIZED=0 in someone's shell must not turn the proof off.
        tlsConnect({ host, port, rejectUnauthorized: true, ...servername })
      : tcpConnect({ host, port });
    socket.setNoDelay(true);
    try {
      await opened(socket, address.tls, options);
    } catch (error) {
      socket.destroy();
      throw RedisFailure.fromSocket(error);
    }
    return new Connection(socket, options);
  }

  /** Sends commands in one write; answers with a reply for each, in order. Never rejects. */
  async send(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    if (this.#end === undefined) this.#socket.write(encode(commands, this.#encoding));
    return this.#receive(commands.length);
  }

  /** The next reply, or message of a subscription. Never rejects. */
  async receive(): Promise<Reply> {
    const [reply = null] = await this.#receive(1);
    return reply;
  }

  #receive(count: number): Promise<Reply[]> {
    const replies = this.#unread.splice(0, count);
    const end = this.#end;
    if (end !== undefined) while (replies.length < count) replies.push(end);
    if (replies.length === count) return Promise.resolve(replies);
    return new Promise((resolve) => {
      // A late reply would be taken for the next command's, so silence ends the connection.
      const timer = setTimeout(() => this.#fail(new RedisFailure("TIMEOUT")), this.#patienceMs);
      const done = () => {
        clearTimeout(timer);
        resolve(replies);
      };
      this.#waiting.push({ replies, count, done });
    });
  }

  /** Closes at once; what is still waiting for a reply gets `CLOSED`. */
  close(): void {
    this.#fail(new RedisFailure("CLOSED"));
  }

  #read(chunk: Buffer): void {
    try {
      for (const reply of this.#parser.push(chunk)) {
        const next = this.#waiting[0];
        if (next === undefined) this.#unread.push(reply);
        else if (next.replies.push(reply) === next.count) {
          this.#waiting.shift();
          next.done();
        }
        if (this.#unread.length > MOST_UNREAD) throw new RedisFailure("NOT_REDIS");
      }
    } catch (error) {
      this.#fail(RedisFailure.fromSocket(error));
    }
  }

  #fail(failure: RedisFailure): void {
    this.#end ??= failure;
    const end = this.#end;
    for (const { replies, count, done } of this.#waiting.splice(0)) {
      while (replies.length < count) replies.push(end);
      done();
    }
    this.#socket.destroy();
  }
}

/** The commands that log in and pick the database; none when the address has no password. */
export function login({ username, password, db }: RedisAddress, encoding: Encoding = "utf8"): string[][] {
  const auth = password === undefined ? [] : [username === undefined ? [password] : [username, password]];
  const words = [...auth.map((given) => ["AUTH", ...given]), ...(db === 0 ? [] : [["SELECT", String(db)]])];
  return words.map((command) => command.map((word) => Buffer.from(word).toString(encoding)));
}

function opened(socket: Socket, tls: boolean, options: ConnectionOptions): Promise<void> {
  const ready = tls ? "secureConnect" : "connect";
  return new Promise((resolve, reject) => {
    const settle = (failure?: RedisFailure) => {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", stop);
      socket.off(ready, succeed).off("error", fail).off("close", close);
      // Node throws an error of a socket that nobody listens to; by then the outcome is known.
      socket.on("error", () => {});
      if (failure === undefined) resolve();
      else reject(failure);
    };
    const succeed = () => settle();
    const fail = (error: Error) => settle(RedisFailure.fromSocket(error));
    const close = () => settle(new RedisFailure("CLOSED"));
    const stop = () => settle(new RedisFailure("STOPPED"));
    const timer = setTimeout(() => {
      settle(new RedisFailure(tls && !socket.connecting ? "NO_HANDSHAKE" : "TIMEOUT"));
    }, options.patienceMs ?? PATIENCE_MS);
    options.signal.addEventListener("abort", stop, { once: true });
    socket.once(ready, succeed).once("error", fail).once("close", close);
  });
}

function tlsFacts(socket: TLSSocket): TlsFacts {
  return {
    protocol: socket.getProtocol() ?? "unknown",
    validTo: new Date(socket.getPeerCertificate().valid_to).toISOString(),
  };
}
