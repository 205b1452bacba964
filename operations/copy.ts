import { createHash } from "node:crypto";
import { RedisFailure } from "../redis/failure.ts";
import { type QueueKey, QueueSearch } from "../redis/queue-keys.ts";
import { ask } from "../redis/session.ts";
import { Stop } from "../runtime/errors.ts";
import { until } from "../runtime/wait.ts";
import {
  bodyOf,
  clockOf,
  type Dumped,
  dumpsOf,
  EXPIRY_TOLERANCE_MS,
  formatOf,
  isSameTime,
  keysOf,
  newestFormat,
  OWN_PREFIX,
  PART,
  requireRoom,
  type Store,
} from "./dumps.ts";
import { databasesOf } from "./keys.ts";
import { activeJobs, type PausedQueue, pauseQueues, resumeQueues } from "./pause.ts";
import { digestOf, NotCarried, piecesOf } from "./values.ts";

/** What the target is being filled from. It is there until both sides are equal. */
const MARKER = `${OWN_PREFIX}copy`;
/** A sweep that changed no more than this share of the keys leaves little for the last one. */
const SMALL = 0.01;
const FEW_KEYS = 1_000;
const MOST_SWEEPS = 20;
/** Milliseconds: OBJECT IDLETIME counts in seconds. */
const IDLE_RESOLUTION_MS = 1_000;
const ACTIVE_POLL = { first: 100, longest: 1_000 } as const;
const MOST_NAMED = 1_000;
const SETS_AT_ONCE = 500;

export interface CopyOptions {
  /** Whether it goes on until the sides are equal while the source is in use, and pauses the source's queues at the end. */
  readonly follow: boolean;
  /** What the names of the keys begin with. Default all. */
  readonly prefix?: string | undefined;
  /** What says that producers must be stopped now. */
  readonly onPaused: (queues: readonly string[]) => void;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface Copied {
  /** What each sweep found: all keys, and those that it changed at the target. */
  readonly sweeps: { readonly keys: number; readonly changed: number }[];
  equal: number;
  /** Keys that differ at the end, each with the reason. Empty: both sides are equal. */
  readonly different: Map<string, string>;
  /** The queues that were paused at the source, and stay so. */
  queues: string[];
}

/**
 * Copies all keys of one Redis to another one that is empty, or was being filled from the same.
 *
 * @throws Stop when it cannot begin, or the source's jobs do not end; RedisFailure when a connection ends.
 */
export async function copy(from: Store, to: Store, options: CopyOptions): Promise<Copied> {
  const { follow, onPaused, onProgress } = options;
  await begin(from, to, options.prefix);
  const copying = await Copying.open(from, to, options);
  const result: Copied = { sweeps: [], equal: 0, different: copying.different, queues: [] };
  const sweep = async (readsAll = false) => {
    const found = await copying.sweep(readsAll);
    result.sweeps.push(found);
    onProgress(`sweep ${result.sweeps.length}: ${found.keys} keys, ${found.changed} copied`);
    return found;
  };
  await sweep();
  if (!follow) {
    result.equal = await copying.compare();
    if (result.different.size === 0) await ask(to.connection, "DEL", MARKER);
    return result;
  }
  for (let before = Number.POSITIVE_INFINITY; result.sweeps.length < MOST_SWEEPS; ) {
    const { keys, changed } = await sweep();
    // What does not get less by another sweep is what the source changes in the time of one.
    if (changed <= Math.max(FEW_KEYS, SMALL * keys) || changed > before / 2) break;
    before = changed;
  }
  let paused: PausedQueue[] = [];
  let isDone = false;
  try {
    paused = await copying.pause();
    result.queues = paused.map(({ base }) => base);
    await copying.awaitActive();
    onPaused(result.queues);
    // Until the producers have stopped. Then the last one, which reads everything, finds nothing to copy.
    await until(async () => (await sweep(true)).changed === 0, { first: 500, longest: 2_000, signal: options.signal });
    if (options.signal.aborted) throw new RedisFailure("STOPPED");
    onProgress("comparing");
    result.equal = await copying.compare();
    if (result.different.size > 0) return result;
    await ask(to.connection, "DEL", MARKER);
    await resumeQueues(to, paused);
    isDone = true;
    return result;
  } finally {
    // Nobody has moved: the source's workers go on.
    if (!isDone) await resumeQueues(from, paused).catch(() => {});
  }
}

async function begin(from: Store, to: Store, prefix: string | undefined): Promise<void> {
  if (from.runId !== "" && from.runId === to.runId) {
    throw new Stop("misused", "Both are the same server.");
  }
  await ask(to.connection, "SELECT", "0");
  const marker = await ask(to.connection, "GET", MARKER);
  const databases = await databasesOf(to.connection);
  const count = [...databases.values()].reduce((sum, keys) => sum + keys, 0);
  if (marker !== null && marker !== from.runId) {
    throw new Stop(
      "failed",
      "The target was being filled from another server, or from this one before it was restarted.",
      {
        remedy: "If nothing uses the target: FLUSHALL there, and run it again.",
      },
    );
  }
  if (marker === null && count > 0) {
    throw new Stop("failed", `The target is not empty: it has ${count} keys.`, {
      remedy: "Copy into an empty instance.",
    });
  }
  // How much a part of the keys takes is not known before.
  if (marker === null && prefix === undefined) {
    const says = (data: string, free: string) => `The source has ${data} of data, and the target has ${free} left.`;
    requireRoom(to, from.dataBytes, says);
  }
  await ask(to.connection, "SET", MARKER, from.runId);
}

/** A copy under way: what is known of each key that was copied. */
class Copying {
  readonly different = new Map<string, string>();
  readonly #from: Store;
  readonly #to: Store;
  readonly #options: CopyOptions;
  /** A digest of each key's value and expiry, and when that was read, by database and name: some hundred bytes a key. */
  readonly #known = new Map<string, { readonly digest: number; readonly readAt: number }>();
  readonly #queues = new Map<number, QueueSearch>();
  #queueKeys: (QueueKey & { readonly db: number })[] = [];

  private constructor(from: Store, to: Store, options: CopyOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  /** Where payloads cannot be used, because one side refuses them or the target is older, values are read by their type. */
  static async open(from: Store, to: Store, options: CopyOptions): Promise<Copying> {
    let carries = from.allowed.DUMP && to.allowed.RESTORE;
    if (carries) {
      const [key] = await keysOf(from)
        .next()
        .then(({ value }) => value ?? []);
      const [payload] = key === undefined ? [] : await from.connection.send([["DUMP", key]]);
      const newest = await newestFormat(to.connection, MARKER);
      carries = typeof payload !== "string" || newest === 0 || formatOf(payload) <= newest;
    }
    if (!carries) options.onProgress("values are copied by their type: payloads cannot be used between these two");
    return new Copying({ ...from, allowed: { ...from.allowed, DUMP: carries } }, to, options);
  }

  /**
   * Copies what has changed since the last sweep, and deletes what the source has no longer.
   *
   * @param readsAll Whether every value is read. Otherwise only those of keys that were used since, where the server tells: it does
   *   not tell all. While it saves to disk a key that is changed in place does not count as used, nor does a small number.
   */
  async sweep(readsAll: boolean): Promise<{ keys: number; changed: number }> {
    const found = { keys: 0, changed: 0 };
    for await (const db of this.#databases()) {
      const search = new QueueSearch();
      this.#queues.set(db, search);
      const pages = this.#pages(found, search);
      const looked = readsAll || !this.#from.tellsIdleTime ? pages : this.#used(db, pages);
      for await (const dumps of dumpsOf(this.#from, looked)) found.changed += await this.#put(db, dumps);
      for await (const gone of this.#surplus()) {
        await this.#to.paced.send([["DEL", ...gone]]);
        for (const key of gone) this.#known.delete(`${db} ${key}`);
        found.changed += gone.length;
      }
    }
    return found;
  }

  /** Compares both sides, and gives how many keys are equal. */
  async compare(): Promise<number> {
    this.different.clear();
    let equal = 0;
    for await (const _db of this.#databases()) {
      const pages = keysOf(this.#from, (key) => this.#isCopied(key));
      for await (const dumps of dumpsOf(this.#from, this.#withoutLocks(pages))) equal += await this.#compared(dumps);
      for await (const gone of this.#surplus()) for (const key of gone) this.#differs(key, "only the target has it");
    }
    return equal;
  }

  async pause(): Promise<PausedQueue[]> {
    const paused: PausedQueue[] = [];
    for (const [db, search] of this.#queues) {
      await ask(this.#from.connection, "SELECT", String(db));
      const keys = await search.find(this.#from.connection);
      this.#queueKeys.push(...keys.map((key) => ({ ...key, db })));
      if (this.#from.allowed.EVAL) paused.push(...(await pauseQueues(this.#from, db, keys)));
    }
    return paused;
  }

  /** Waits until the source's workers have finished what they had begun. */
  async awaitActive(): Promise<void> {
    const { signal, onProgress } = this.#options;
    const ended = await until(
      async () => {
        let active = 0;
        for (const db of this.#queues.keys()) {
          await ask(this.#from.connection, "SELECT", String(db));
          active += await activeJobs(
            this.#from,
            this.#queueKeys.filter((key) => key.db === db),
          );
        }
        if (active > 0) onProgress(`${active} jobs are still being processed`);
        return active === 0;
      },
      { signal, ...ACTIVE_POLL },
    );
    if (ended === true) return;
    throw new Stop("unknown", "Jobs of the source are still being processed.", {
      remedy: "Stop its workers, or allow more time: --deadline.",
    });
  }

  /** Goes through the databases of both sides, selected on both. */
  async *#databases(): AsyncGenerator<number> {
    const [one, other] = [await databasesOf(this.#from.connection), await databasesOf(this.#to.connection)];
    for (const db of new Set([0, ...one.keys(), ...other.keys()])) {
      for (const { connection } of [this.#from, this.#to]) await ask(connection, "SELECT", String(db));
      yield db;
    }
    for (const { connection } of [this.#from, this.#to]) await ask(connection, "SELECT", "0");
  }

  #isCopied(key: string): boolean {
    return key.startsWith(this.#options.prefix ?? "");
  }

  async *#pages(found: { keys: number }, search: QueueSearch): AsyncGenerator<string[]> {
    for await (const keys of this.#withoutLocks(keysOf(this.#from, (key) => this.#isCopied(key)))) {
      for (const key of keys) search.add(key);
      found.keys += keys.length;
      yield keys;
    }
  }

  /** A job's lock belongs to a worker of the source, and who looks for stalled jobs there tells it by another key. */
  async *#withoutLocks(pages: AsyncIterable<string[]>): AsyncGenerator<string[]> {
    for await (const keys of pages) {
      const locks = keys.filter((key) => /:(?:lock|stalled-check)$/.test(key));
      const beside = await this.#from.paced.send(
        locks.map((key) => {
          const [, base = "", part] = /^(.*):(lock|stalled-check)$/s.exec(key) ?? [];
          return part === "lock" ? ["HEXISTS", base, "timestamp"] : ["EXISTS", `${base}:id`, `${base}:meta`];
        }),
      );
      const left = new Set(locks.filter((_, index) => Number(beside[index]) > 0));
      const copied = left.size === 0 ? keys : keys.filter((key) => !left.has(key));
      if (copied.length > 0) yield copied;
    }
  }

  /** The keys that are new, or were used since they were read. */
  async *#used(db: number, pages: AsyncIterable<string[]>): AsyncGenerator<string[]> {
    for await (const keys of pages) {
      const replies = await this.#from.paced.send(keys.map((key) => ["OBJECT", "IDLETIME", key]));
      // The clock is read after the answers, and so errs towards looking once too often.
      const now = await clockOf(this.#from);
      const used = keys.filter((key, index) => {
        const [idle, known] = [replies[index], this.#known.get(`${db} ${key}`)];
        return (
          typeof idle !== "number" || known === undefined || now - 1_000 * idle >= known.readAt - IDLE_RESOLUTION_MS
        );
      });
      if (used.length > 0) yield used;
    }
  }

  /** The keys of the target that the source does not have. */
  async *#surplus(): AsyncGenerator<string[]> {
    for await (const keys of keysOf(this.#to)) {
      const there = await this.#from.paced.send(keys.map((key) => ["EXISTS", key]));
      const gone = keys.filter((_, index) => there[index] === 0);
      if (gone.length > 0) yield gone;
    }
  }

  /** Writes what differs from what was written before. @returns how many keys those were. */
  async #put(db: number, dumps: readonly Dumped[]): Promise<number> {
    const changed: { readonly dumped: Dumped; readonly digest: number }[] = [];
    for (const dumped of dumps) {
      const [digest, name] = [await this.#digest(dumped), `${db} ${dumped.key}`];
      if (digest === undefined) continue;
      if (this.#known.get(name)?.digest !== digest) changed.push({ dumped, digest });
      else this.#known.set(name, { digest, readAt: dumped.readAt });
    }
    const whole = changed.filter(({ dumped }) => dumped.payload !== undefined);
    const replies = await this.#to.paced.send(
      whole.map(({ dumped: { key, expiresAt = 0, payload = "" } }) => {
        return ["RESTORE", key, String(expiresAt), payload, "ABSTTL", "REPLACE"];
      }),
    );
    for (const reply of replies) if (reply instanceof RedisFailure) throw full(reply);
    for (const { dumped } of changed) if (dumped.payload === undefined) await this.#putByType(dumped);
    for (const { dumped, digest } of changed) this.#known.set(`${db} ${dumped.key}`, { digest, readAt: dumped.readAt });
    return changed.length;
  }

  async #putByType({ key, expiresAt, bytes }: Dumped): Promise<void> {
    const { paced } = this.#to;
    let commands: (readonly string[])[] = [["DEL", PART]];
    const flush = async () => {
      const replies = await paced.send(commands);
      commands = [];
      for (const reply of replies) if (reply instanceof RedisFailure) throw full(reply);
    };
    for await (const piece of piecesOf(this.#from.connection, key, PART, bytes)) {
      commands.push(piece);
      if (commands.length >= SETS_AT_ONCE || (piece[2]?.length ?? 0) > SETS_AT_ONCE) await flush();
    }
    if (expiresAt !== undefined) commands.push(["PEXPIREAT", PART, String(expiresAt)]);
    commands.push(["EXISTS", PART]);
    await flush();
    // A value that was deleted or has expired meanwhile is the next sweep's.
    await paced.send([["RENAME", PART, key]]);
  }

  /** Nothing for a value that cannot be carried: the comparison names it. */
  async #digest({ key, expiresAt, payload, bytes }: Dumped): Promise<number | undefined> {
    const hash = createHash("sha1");
    if (payload !== undefined) hash.update(bodyOf(payload), "latin1");
    else {
      const digest = await digestOf(this.#from.connection, key, bytes).catch(unlessNotCarried);
      if (digest === undefined) return undefined;
      hash.update(digest);
    }
    const exact = this.#from.expiry === "PEXPIRETIME" ? 1 : EXPIRY_TOLERANCE_MS;
    hash.update(expiresAt === undefined ? "" : String(Math.round(expiresAt / exact)));
    return hash.digest().readUIntBE(0, 6);
  }

  async #compared(dumps: readonly Dumped[]): Promise<number> {
    const { paced, expiry, allowed, connection } = this.#to;
    const now = expiry === "PTTL" ? await clockOf(this.#to) : 0;
    const replies = await paced.send(
      dumps.flatMap(({ key, payload }) => [
        [expiry, key],
        payload !== undefined && allowed.DUMP ? ["DUMP", key] : ["TYPE", key],
      ]),
    );
    let equal = 0;
    for (const [index, { key, expiresAt, payload, bytes }] of dumps.entries()) {
      const [found, value] = [replies[2 * index], replies[2 * index + 1]];
      if (found === -2) this.#differs(key, "only the source has it");
      else if (!isSameTime(this.#to, expiresAt, found, now)) this.#differs(key, "it expires at another time");
      else if (payload !== undefined && typeof value === "string" && bodyOf(value) === bodyOf(payload)) equal += 1;
      else {
        const one = await digestOf(this.#from.connection, key, bytes).catch(unlessNotCarried);
        if (one === undefined) this.#differs(key, "its value cannot be carried");
        else if (one !== (await digestOf(connection, key, bytes))) this.#differs(key, "its value is another");
        else equal += 1;
      }
    }
    return equal;
  }

  #differs(key: string, why: string): void {
    if (this.different.size < MOST_NAMED) this.different.set(key, why);
  }
}

function unlessNotCarried(error: unknown): undefined {
  if (!(error instanceof NotCarried)) throw error;
}

function full(failure: RedisFailure): Error {
  if (failure.kind !== "OOM") return failure;
  return new Stop("failed", "The target's memory is full.", { remedy: "Choose a larger plan, and run it again." });
}
