import type { Connection } from "../redis/connection.ts";
import { RedisFailure } from "../redis/failure.ts";
import { keysByDatabase, parseInfo } from "../redis/info.ts";
import type { Reply } from "../redis/resp.ts";
import { scan } from "../redis/scan.ts";
import { ask } from "../redis/session.ts";
import { sleep } from "../runtime/wait.ts";

/** Milliseconds. A timer is no finer, so shorter pauses are made up for together. */
const SHORTEST_PAUSE_MS = 2;
const PINGS = 3;
/** Databases of a server that does not say which it has. Render's have as many. */
const DATABASES = 16;

/**
 * A connection whose commands take no more than a share of the server's time, so that who else uses it hardly notices.
 *
 * What a round trip takes beyond the network's own time counts as the server's, though it is more: a pause after it makes up
 * for it.
 */
export class PacedConnection {
  readonly connection: Connection;
  readonly #share: number;
  readonly #signal: AbortSignal;
  #roundTripMs = Number.POSITIVE_INFINITY;
  #owedMs = 0;

  /** @param share Of the server's time, above 0 and up to 1, which never pauses. */
  constructor(connection: Connection, share: number, signal: AbortSignal) {
    this.connection = connection;
    this.#share = share;
    this.#signal = signal;
  }

  /** Sends commands in one write; answers with a reply for each, after the pause. Keep it to some hundred: they run in a row. */
  async send(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    if (this.#share >= 1) return this.connection.send(commands);
    if (this.#roundTripMs === Number.POSITIVE_INFINITY) await this.#measureRoundTrip();
    const begun = performance.now();
    const replies = await this.connection.send(commands);
    const busyMs = Math.max(0, performance.now() - begun - this.#roundTripMs);
    this.#owedMs += busyMs * (1 / this.#share - 1);
    if (this.#owedMs >= SHORTEST_PAUSE_MS) {
      const paused = performance.now();
      if (!(await sleep(this.#owedMs, this.#signal))) throw new RedisFailure("STOPPED");
      this.#owedMs -= performance.now() - paused;
    }
    return replies;
  }

  async #measureRoundTrip(): Promise<void> {
    for (let ping = 0; ping < PINGS; ping += 1) {
      const begun = performance.now();
      await ask(this.connection, "PING");
      this.#roundTripMs = Math.min(this.#roundTripMs, performance.now() - begun);
    }
  }
}

/** Keys that one SCAN goes through: the longest that the server is busy with it is well below a millisecond. */
const SCAN_KEYS = 500;

/** All keys of the database, some hundred at a time: see {@link scan}. @throws RedisFailure */
export async function* sweep(paced: PacedConnection, scanKeys = SCAN_KEYS): AsyncGenerator<string[]> {
  for await (const keys of scan(paced, scanKeys)) if (keys.length > 0) yield keys;
}

/** The databases that hold keys, with how many. Where INFO is refused each is asked. */
export async function databasesOf(connection: Connection): Promise<Map<number, number>> {
  const [info] = await connection.send([["INFO", "keyspace"]]);
  if (typeof info === "string") return keysByDatabase(parseInfo(info));
  const found = new Map<number, number>();
  for (let db = 0; db < DATABASES; db += 1) {
    const [selected, keys] = await connection.send([["SELECT", String(db)], ["DBSIZE"]]);
    if (selected === "OK" && typeof keys === "number" && keys > 0) found.set(db, keys);
  }
  return found;
}
