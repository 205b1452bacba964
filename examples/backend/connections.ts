import { Redis, type RedisOptions } from "ioredis";

/** How ioredis is set up. */
type Options = Omit<RedisOptions, "replyMapping">;

/** To ioredis: connect again, and send the command that failed again, too. */
const RESEND = 2;

const COMMON: Options = {
  connectTimeout: 1_000,
  // Milliseconds until the next attempt: soon enough to be back within a second, rare enough for a dead host.
  retryStrategy: (attempt) => Math.min(attempt * 50, 500),
  // What was on its way when the connection broke may have been done. Sending it again would do it twice.
  autoResendUnfulfilledCommands: false,
  reconnectOnError: (error) => isReplica(error),
  protocol: 2,
};

/**
 * After a failover behind one address the connection leads to the old primary, which is a replica now: it answers everything
 * and takes no write, for ever. A new connection leads to the new one.
 */
function isReplica({ message }: Error): boolean {
  return /READONLY|UNBLOCKED/.test(message);
}

/**
 * For whoever adds jobs while a caller waits: it answers now, or fails now.
 *
 * The guide sets `enableOfflineQueue: true`. That keeps what is added while Redis is away in this process's memory:
 * the caller hangs, and a restart loses it.
 */
export function producerOptions(timeoutMs: number): Options {
  return { ...COMMON, enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: timeoutMs };
}

/**
 * For workers, who have nobody waiting: they wait for Redis however long it is away.
 *
 * The guide sets `maxRetriesPerRequest: 3`, with which a worker's blocking read fails in every outage; Bull refuses it.
 */
export const WORKER_OPTIONS: Options = {
  ...COMMON,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  // A worker's commands can be repeated: they say which job, and the sender knows what it has sent.
  autoResendUnfulfilledCommands: true,
  reconnectOnError: (error) => isReplica(error) && RESEND,
};

/** What Bull wants a connection for: commands, a read that blocks, and news from other processes. */
type Purpose = "client" | "bclient" | "subscriber";

/**
 * The connections of a set of queues. Commands and news are shared by all of them; only a read that blocks needs one of
 * its own. Four queues then have six connections instead of Bull's twelve: plans limit connections.
 *
 * Bull is not given the URL: it silently drops TLS from `rediss://`.
 */
export class Connections {
  readonly #url: string;
  readonly #options: Options;
  readonly #onError: (error: Error) => void;
  readonly #shared = new Map<Purpose, Redis>();
  readonly #all: Redis[] = [];

  constructor(url: string, options: Options, onError: (error: Error) => void) {
    this.#url = url;
    this.#options = options;
    this.#onError = onError;
  }

  /** The connection for commands. */
  get client(): Redis {
    return this.#for("client");
  }

  /** For Bull's `createClient`. Bull's types are those of an older ioredis; the two are compatible. */
  readonly createClient = (purpose: Purpose): never => this.#for(purpose) as never;

  /** Ends them all, without waiting for answers. */
  close(): void {
    for (const redis of this.#all) redis.disconnect();
  }

  #for(purpose: Purpose): Redis {
    const existing = this.#shared.get(purpose);
    if (existing !== undefined) return existing;
    const redis = new Redis(this.#url, this.#options);
    // Without a listener ioredis prints its errors, and they can hold the password.
    redis.on("error", this.#onError);
    // Every queue listens to the connections that it shares.
    redis.setMaxListeners(0);
    this.#all.push(redis);
    if (purpose !== "bclient") this.#shared.set(purpose, redis);
    return redis;
  }
}
