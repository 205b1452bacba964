import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { pipeline, Readable, type Writable } from "node:stream";
import { pipeline as pipe } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { RedisFailure } from "../redis/failure.ts";
import { encode, RespParser } from "../redis/resp.ts";
import { Stop } from "../runtime/errors.ts";
import type { Command } from "./values.ts";

/**
 * The file of a backup: records, each an array in Redis' own protocol, then the SHA-256 of all of them; compressed by gzip, and
 * then encrypted by age where that is wanted. All of it is written and read as a stream.
 *
 *     header  JSON
 *     db      number                     the database of what follows
 *     dump    key, expires, payload      expires: milliseconds since 1970, or nothing
 *     value   key, expires               a value by its type: the parts that follow, up to its end
 *     part    command                    with an empty key
 *     end                            of a value; or `abandon`: it could not be read to its end, and does not count
 *     manifest JSON
 */
export type ArchiveRecord = Command;

const headerSchema = z.object({
  format: z.literal("render-redis-backup"),
  version: z.literal(1),
  id: z.uuid(),
  environment: z.string(),
  instance: z.object({ id: z.string(), name: z.string() }),
  server: z.string(),
  begunAt: z.iso.datetime(),
});

const manifestSchema = z.object({
  ...headerSchema.shape,
  endedAt: z.iso.datetime(),
  /** Each key is as it was when it was read, between the beginning and the end: this is not one moment in time. */
  isOneMoment: z.literal(false),
  /** Records, by the type of their value. A key that was moved while it was scanned may be counted twice. */
  keys: z.record(z.string(), z.number()),
  expiring: z.number(),
  /** Of memory that they took, or about that. */
  bytes: z.number(),
  /** The newest version of a payload's format; 0 without one. A server restores its own and older ones. */
  dumpFormat: z.number(),
  /** Keys whose value could not be read. */
  notCarried: z.array(z.string()),
});

export type Header = z.output<typeof headerSchema>;
export type Manifest = z.output<typeof manifestSchema>;

/** How a backup is encrypted: for the keys of some people, or by a passphrase of at least 16 characters. */
export interface Lock {
  readonly recipients?: readonly string[];
  /** age's identities, one a line, as `age-keygen` writes them. */
  readonly identities?: string | undefined;
  readonly passphrase?: string | undefined;
}

const CHECKSUM_BYTES = 32;
const CHUNK_BYTES = 256 * 1024;
const AGE = "age-encryption.org/";
/** Bytes that wait for the compression, which is done beside, so that the reading goes on meanwhile. */
const AHEAD = { writableHighWaterMark: 2 * 1024 ** 2 };
/** The fastest: values are small, and the server should not wait. */
const LEVEL = 1;

/** Writes records as a file of a backup. */
export async function writeArchive(
  records: AsyncIterable<readonly ArchiveRecord[]>,
  sink: Writable,
  lock: Lock,
): Promise<void> {
  const packed = createGzip({ ...AHEAD, level: LEVEL, chunkSize: CHUNK_BYTES });
  const packing = pipe(Readable.from(checksummed(records)), packed);
  // What fails there ends the writing, too, and is the cause.
  packing.catch((error) => packed.destroy(error));
  await pipe(await encrypted(packed, lock), sink);
  await packing;
}

async function* checksummed(records: AsyncIterable<readonly ArchiveRecord[]>): AsyncGenerator<Buffer> {
  const checksum = createHash("sha256");
  for await (const some of records) {
    const bytes = encode(some, "latin1");
    checksum.update(bytes);
    yield bytes;
  }
  yield checksum.digest();
}

async function encrypted(source: Readable, { recipients = [], passphrase }: Lock): Promise<Readable> {
  if (recipients.length === 0 && passphrase === undefined) return source;
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  if (passphrase !== undefined) encrypter.setPassphrase(passphrase);
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      throw new Stop("misused", `--recipient must be a public key of age, age1…, got: ${JSON.stringify(recipient)}.`);
    }
  }
  return fromWeb(await encrypter.encrypt(toWeb(source)));
}

/**
 * The records of a backup, some at a time. The last one is the manifest: without it, or with a wrong checksum, it throws.
 *
 * @throws Stop when it is damaged, incomplete, no backup, or cannot be decrypted.
 */
export async function* readArchive(path: string, lock: Lock): AsyncGenerator<ArchiveRecord[]> {
  const parser = new RespParser("latin1");
  const checksum = createHash("sha256");
  let rest: Buffer = Buffer.alloc(0);
  let last: ArchiveRecord = [];
  try {
    for await (const chunk of await decompressed(path, lock)) {
      const bytes = Buffer.concat([rest, chunk]);
      const end = Math.max(0, bytes.length - CHECKSUM_BYTES);
      rest = bytes.subarray(end);
      checksum.update(bytes.subarray(0, end));
      const records = parser.push(bytes.subarray(0, end)).map(recordIn);
      last = records.at(-1) ?? last;
      if (records.length > 0) yield records;
    }
  } catch (error) {
    if (error instanceof Stop || isFromReader(error)) throw error;
    throw damaged(path, "it cannot be decompressed");
  }
  if (!checksum.digest().equals(rest)) throw damaged(path, "its checksum is another");
  if (last[0] !== "manifest") throw damaged(path, "its end is missing");
}

/** Reads all of a backup, and so checks it. @throws Stop */
export async function checkArchive(path: string, lock: Lock): Promise<Manifest> {
  let manifest: Manifest | undefined;
  let records = 0;
  for await (const some of readArchive(path, lock)) {
    records += some.filter(([kind]) => kind === "dump" || kind === "end").length;
    const [kind, json = ""] = some.at(-1) ?? [];
    if (kind === "manifest") manifest = manifestSchema.safeParse(jsonIn(json)).data;
  }
  if (manifest === undefined || totalOf(manifest) !== records) throw damaged(path, "its manifest does not fit");
  return manifest;
}

/** How many keys a backup has. */
export function totalOf({ keys }: Manifest): number {
  return Object.values(keys).reduce((sum, count) => sum + count, 0);
}

/** JSON as a record holds it: bytes, a character each. */
export function textRecord(kind: "header" | "manifest", value: Header | Manifest): ArchiveRecord {
  return [kind, Buffer.from(JSON.stringify(value)).toString("latin1")];
}

async function decompressed(path: string, lock: Lock): Promise<AsyncIterable<Buffer>> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // An error of one ends the others, and comes out of the last one.
  pipeline(await decrypted(path, lock), gunzip, () => {});
  return gunzip;
}

async function decrypted(path: string, { identities, passphrase }: Lock): Promise<Readable> {
  const file = () => createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!beginsWith(path, AGE)) return file();
  if (identities === undefined && passphrase === undefined) {
    throw new Stop("misused", `${path} is encrypted.`, { remedy: "Give --identity <file>, or BACKUP_PASSPHRASE." });
  }
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  const locked = file().on("error", () => {});
  try {
    if (passphrase !== undefined) decrypter.addPassphrase(passphrase);
    for (const line of identities?.split("\n") ?? []) {
      if (line.startsWith("AGE-SECRET-KEY-")) decrypter.addIdentity(line.trim());
    }
    return fromWeb(await decrypter.decrypt(toWeb(locked)));
  } catch {
    locked.destroy();
    throw new Stop("misused", `${path} cannot be decrypted with this key or passphrase.`);
  }
}

function beginsWith(path: string, text: string): boolean {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(text.length);
    readSync(file, bytes);
    return bytes.toString("latin1") === text;
  } finally {
    closeSync(file);
  }
}

/** age reads and writes the streams of the web. Their types are the same, but for who declares them. */
function toWeb(stream: Readable): globalThis.ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as globalThis.ReadableStream<Uint8Array>;
}

function fromWeb(stream: globalThis.ReadableStream<Uint8Array>): Readable {
  return Readable.fromWeb(stream as ReadableStream<Uint8Array>);
}

function recordIn(reply: unknown): ArchiveRecord {
  if (Array.isArray(reply) && reply.every((word) => typeof word === "string")) return reply;
  throw new RedisFailure("NOT_REDIS");
}

function jsonIn(bytes: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes, "latin1").toString());
  } catch {
    return undefined;
  }
}

/** Whether the system failed to read the file: its message names it. */
function isFromReader(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function damaged(path: string, why: string): Stop {
  return new Stop("failed", `${path} is no backup, or is damaged: ${why}.`, { remedy: "Use another backup." });
}
