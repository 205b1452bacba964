import { randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { type ArchiveRecord, type Header, type Lock, type Manifest, textRecord, writeArchive } from "./archive.ts";
import { type Dumped, databases, dumpsOf, formatOf, keysOf, type Store } from "./dumps.ts";
import { NotCarried, piecesOf } from "./values.ts";

/** The type of a value, by the first byte of its payload. @see https://github.com/valkey-io/valkey/blob/8.0/src/rdb.h */
const TYPES: readonly (readonly [type: string, bytes: readonly number[]])[] = [
  ["string", [0]],
  ["list", [1, 10, 14, 18]],
  ["set", [2, 11, 20]],
  ["zset", [3, 5, 12, 17]],
  ["hash", [4, 9, 13, 16, 22, 23, 24, 25]],
  ["stream", [15, 19, 21]],
];
const TYPE_OF = new Map(TYPES.flatMap(([type, bytes]) => bytes.map((byte) => [byte, type] as const)));

/** Keys between two messages. */
const SHOWN_KEYS = 50_000;

export interface BackupOptions {
  readonly about: Pick<Header, "environment" | "instance">;
  /** Whether each value is read by its type, so that a server that refuses RESTORE, or is older, takes it. */
  readonly byType: boolean;
  readonly lock: Lock;
  readonly onProgress: (text: string) => void;
}

/**
 * Writes all keys of a Redis into a file of a backup, as a stream: with constant memory, whatever there is.
 *
 * @throws RedisFailure when the connection ends; the system's error when the file cannot be written.
 */
export async function backUp(store: Store, sink: Writable, options: BackupOptions): Promise<Manifest> {
  const { about, byType, lock, onProgress } = options;
  const from = byType ? { ...store, allowed: { ...store.allowed, DUMP: false } } : store;
  const header: Header = {
    format: "render-redis-backup",
    version: 1,
    id: randomUUID(),
    ...about,
    server: store.server,
    begunAt: new Date().toISOString(),
  };
  const tally = new Tally(onProgress);
  let manifest: Manifest | undefined;
  async function* records(): AsyncGenerator<ArchiveRecord[]> {
    yield [textRecord("header", header)];
    for await (const db of databases(from)) {
      yield [["db", String(db)]];
      for await (const some of dumpsOf(from, keysOf(from))) yield* recordsOf(from, some, tally);
    }
    const { keys, expiring, bytes, dumpFormat, notCarried } = tally;
    manifest = {
      ...header,
      endedAt: new Date().toISOString(),
      isOneMoment: false,
      ...{ keys: Object.fromEntries(keys), expiring, bytes: bytes || store.dataBytes, dumpFormat, notCarried },
    };
    yield [textRecord("manifest", manifest)];
  }
  await writeArchive(records(), sink, lock);
  if (manifest === undefined) throw new Error("no manifest was written");
  return manifest;
}

/** What was written so far. */
class Tally {
  readonly keys = new Map<string, number>();
  readonly notCarried: string[] = [];
  expiring = 0;
  bytes = 0;
  dumpFormat = 0;
  #total = 0;
  readonly #onProgress: (text: string) => void;

  constructor(onProgress: (text: string) => void) {
    this.#onProgress = onProgress;
  }

  add({ expiresAt, bytes = 0, payload }: Dumped, type: string): void {
    this.keys.set(type, (this.keys.get(type) ?? 0) + 1);
    if (expiresAt !== undefined) this.expiring += 1;
    this.bytes += bytes;
    if (payload !== undefined) this.dumpFormat = Math.max(this.dumpFormat, formatOf(payload));
    this.#total += 1;
    if (this.#total % SHOWN_KEYS === 0) this.#onProgress(`${this.#total} keys`);
  }
}

async function* recordsOf(store: Store, some: readonly Dumped[], tally: Tally): AsyncGenerator<ArchiveRecord[]> {
  const records: ArchiveRecord[] = [];
  for (const dumped of some) {
    const { key, expiresAt, payload } = dumped;
    const expires = expiresAt === undefined ? "" : String(expiresAt);
    if (payload === undefined) {
      yield records.splice(0);
      yield* partsOf(store, dumped, expires, tally);
    } else {
      records.push(["dump", key, expires, payload]);
      tally.add(dumped, TYPE_OF.get(payload.charCodeAt(0)) ?? "module");
    }
  }
  yield records;
}

async function* partsOf(store: Store, dumped: Dumped, expires: string, tally: Tally): AsyncGenerator<ArchiveRecord[]> {
  const { key, bytes } = dumped;
  let type: string | undefined;
  try {
    for await (const piece of piecesOf(store.connection, key, "", bytes)) {
      if (type === undefined) yield [["value", key, expires]];
      type ??= TYPE_OF_COMMAND[piece[0] ?? ""] ?? "stream";
      yield [["part", ...piece]];
    }
  } catch (error) {
    if (!(error instanceof NotCarried)) throw error;
    tally.notCarried.push(key);
    // Its parts are given up: a restore leaves out a value without an end.
    if (type !== undefined) yield [["abandon"]];
    return;
  }
  if (type === undefined) return;
  yield [["end"]];
  tally.add(dumped, type);
}

const TYPE_OF_COMMAND: Readonly<Record<string, string>> = {
  SET: "string",
  APPEND: "string",
  RPUSH: "list",
  SADD: "set",
  HSET: "hash",
  ZADD: "zset",
};
