import type { Connection } from "../redis/connection.ts";
import { RedisFailure } from "../redis/failure.ts";
import { parseInfo } from "../redis/info.ts";
import { listIn } from "../redis/queue-keys.ts";
import type { Reply } from "../redis/resp.ts";
import { ask } from "../redis/session.ts";
import { Stop } from "../runtime/errors.ts";
import { findAllowed } from "./allowed.ts";
import { databasesOf, PacedConnection, sweep } from "./keys.ts";

/** Bytes: a larger value is read type by type, in pieces. A payload is in memory some four times while it is passed on. */
export const LARGEST_DUMP = 16 * 1024 ** 2;
/** Bytes that are asked for at once, and so wait in the server's memory until they are read. */
const WINDOW_BYTES = 2 * 1024 ** 2;
/** Keys that are gone through at once: a script that asks for all their sizes takes a millisecond or two. */
const SCAN_KEYS = 1_000;
/** Values that are asked for at once where nobody knows how large they are. */
const BLIND_WINDOW = 32;
/** Bytes at the end of a payload: the version of its format, and a checksum. */
const FOOTER_BYTES = 10;
/** What operations keep in an instance for a while. It is no data of anybody. */
export const OWN_PREFIX = "render-redis:";
/** Where a value is made in pieces, and where one is compared. */
export const PART = `${OWN_PREFIX}part`;
/** Milliseconds: where a server tells only how long from now a key expires, two looks differ by some. */
export const EXPIRY_TOLERANCE_MS = 1_000;

/** What a connection for whole values needs: bytes, and the time for the largest of them. */
export const FOR_VALUES = { encoding: "latin1", longestText: 2 * LARGEST_DUMP, patienceMs: 60_000 } as const;

/** One key as it was read. */
export interface Dumped {
  readonly key: string;
  /** Milliseconds since 1970; `undefined` where it does not expire. */
  readonly expiresAt: number | undefined;
  /** What DUMP gives; `undefined` where the value is too large for it, or DUMP is refused: read it by type. */
  readonly payload: string | undefined;
  /** What it takes in memory, where MEMORY USAGE is allowed. */
  readonly bytes: number | undefined;
  /** Milliseconds since 1970, by the server's clock. */
  readonly readAt: number;
}

/** A Redis whose values are read or written, and what is allowed there. */
export interface Store {
  readonly connection: Connection;
  readonly paced: PacedConnection;
  /** `Valkey 8.0.1` */
  readonly server: string;
  /** Differs between two servers, and from one start to the next. */
  readonly runId: string;
  /** Bytes of memory that are left; infinite without a limit. */
  readonly freeBytes: number;
  readonly dataBytes: number;
  /**
   * Whether OBJECT IDLETIME tells when somebody else has last used a key: it is allowed, the eviction policy is none of LFU, and
   * CLIENT NO-TOUCH is known. Redis before 7.2 does not know it, and a DUMP there counts as a use.
   */
  readonly tellsIdleTime: boolean;
  readonly allowed: Readonly<Record<(typeof WANTED)[number], boolean>>;
  /** The command that tells when a key expires, and whether it tells how long from now instead. */
  readonly expiry: "PEXPIRETIME" | "PTTL";
}

const WANTED = [
  "INFO",
  "SCAN",
  "DUMP",
  "RESTORE",
  "PTTL",
  "EVAL",
  "MEMORY USAGE",
  "OBJECT IDLETIME",
  "CLIENT NO-TOUCH",
] as const;

/**
 * Finds out what a Redis is and what is allowed there.
 *
 * @param share Of the server's time.
 * @throws Stop when SCAN is refused; RedisFailure.
 */
export async function openStore(connection: Connection, share: number, signal: AbortSignal): Promise<Store> {
  const allowed = await findAllowed(connection, WANTED);
  if (!allowed.SCAN) throw new Stop("unknown", "This user may not SCAN, so its keys cannot be listed.");
  const [info, expiry] = await connection.send([["INFO"], ["PEXPIRETIME", `${OWN_PREFIX}none`]]);
  const facts = typeof info === "string" ? parseInfo(info) : {};
  const limit = Number(facts.maxmemory ?? 0);
  const policy = facts.maxmemory_policy ?? "";
  return {
    connection,
    paced: new PacedConnection(connection, share, signal),
    server:
      facts.valkey_version === undefined ? `Redis ${facts.redis_version ?? "?"}` : `Valkey ${facts.valkey_version}`,
    runId: facts.run_id ?? "",
    freeBytes: limit === 0 ? Number.POSITIVE_INFINITY : limit - Number(facts.used_memory ?? 0),
    dataBytes: Number(facts.used_memory_dataset ?? 0),
    // Asking whether CLIENT NO-TOUCH is known has switched it on.
    tellsIdleTime: allowed["OBJECT IDLETIME"] && allowed["CLIENT NO-TOUCH"] && policy !== "" && !policy.endsWith("lfu"),
    allowed,
    expiry: expiry instanceof RedisFailure ? "PTTL" : "PEXPIRETIME",
  };
}

/** Goes through the databases that hold keys, and leaves the connection in the first one. */
export async function* databases({ connection }: Store): AsyncGenerator<number> {
  for (const db of (await databasesOf(connection)).keys()) {
    await ask(connection, "SELECT", String(db));
    yield db;
  }
  await ask(connection, "SELECT", "0");
}

/** The keys of the selected database, without this project's own. While some are used the next are asked for. */
export async function* keysOf(
  { paced }: Store,
  isWanted: (key: string) => boolean = () => true,
): AsyncGenerator<string[]> {
  for await (const keys of ahead(sweep(paced, SCAN_KEYS))) {
    const wanted = keys.filter((key) => !key.startsWith(OWN_PREFIX) && isWanted(key));
    if (wanted.length > 0) yield wanted;
  }
}

/**
 * Reads values, as many at once as the server's memory bears. A key that is gone is left out.
 *
 * @throws RedisFailure
 */
export function dumpsOf(store: Store, pages: AsyncIterable<string[]>): AsyncGenerator<Dumped[]> {
  return ahead(dumped(store, ahead(windows(store, pages))));
}

interface Sized {
  readonly key: string;
  readonly bytes: number | undefined;
}

async function* windows(store: Store, pages: AsyncIterable<string[]>): AsyncGenerator<Sized[]> {
  const { allowed } = store;
  for await (const keys of pages) {
    const sizes = allowed["MEMORY USAGE"]
      ? numbersIn(await store.paced.send(ofEach(store, keys, "MEMORY", "USAGE")))
      : [];
    let window: Sized[] = [];
    let total = 0;
    for (const [index, key] of keys.entries()) {
      const size = sizes[index];
      const bytes = size ?? WINDOW_BYTES / BLIND_WINDOW;
      if (window.length > 0 && total + bytes > WINDOW_BYTES) {
        yield window;
        window = [];
        total = 0;
      }
      window.push({ key, bytes: size });
      total += bytes;
    }
    yield window;
  }
}

async function* dumped(store: Store, all: AsyncIterable<Sized[]>): AsyncGenerator<Dumped[]> {
  const { paced, allowed, expiry } = store;
  for await (const window of all) {
    const keys = window.map(({ key }) => key);
    const expiries = ofEach(store, keys, expiry);
    const isDumped = ({ bytes = 0 }: Sized) => allowed.DUMP && bytes <= LARGEST_DUMP;
    const values = window.map((sized) => [isDumped(sized) ? "DUMP" : "TYPE", sized.key]);
    const [time, ...replies] = await paced.send([["TIME"], ...expiries, ...values]);
    const readAt = millisecondsIn(time);
    const now = expiry === "PTTL" ? readAt : 0;
    const times = numbersIn(replies.slice(0, expiries.length));
    const found: Dumped[] = [];
    for (const [index, sized] of window.entries()) {
      const [expires = -2, value] = [times[index], replies[expiries.length + index]];
      if (value instanceof RedisFailure && value.kind !== "TOO_LARGE") throw value;
      // -2: there is no such key. It may also have been deleted between the two.
      if (expires === -2 || value === null || value === "none") continue;
      const payload = typeof value === "string" && isDumped(sized) ? value : undefined;
      found.push({ ...sized, expiresAt: expires < 0 ? undefined : now + expires, payload, readAt });
    }
    if (found.length > 0) yield found;
  }
}

/** Asks the same of each key, and answers with one text: a million short answers cost a client more than the values. */
const OF_EACH = `
local found = {}
for index, key in ipairs(KEYS) do
  local number
  if ARGV[2] then number = redis.call(ARGV[1], ARGV[2], key) else number = redis.call(ARGV[1], key) end
  found[index] = number and string.format("%.0f", number) or ""
end
return table.concat(found, " ")`;

/** The commands that ask for a number of each key: one, where scripts are allowed. Their replies are for {@link numbersIn}. */
function ofEach({ allowed }: Store, keys: readonly string[], ...command: string[]): string[][] {
  if (!allowed.EVAL) return keys.map((key) => [...command, key]);
  return [["EVAL", OF_EACH, String(keys.length), ...keys, ...command]];
}

/** A number for each key; nothing for one that is not there. @throws RedisFailure */
function numbersIn(replies: readonly Reply[]): (number | undefined)[] {
  return replies.flatMap((reply): (number | undefined)[] => {
    if (reply instanceof RedisFailure) throw reply;
    if (typeof reply !== "string") return [typeof reply === "number" ? reply : undefined];
    return reply.split(" ").map((number) => (number === "" ? undefined : Number(number)));
  });
}

/**
 * Whether a key expires when it should.
 *
 * @param expected Milliseconds since 1970; `undefined` where it should not expire.
 * @param found What the store's command for it answers.
 * @param now Milliseconds since 1970, by the store's clock.
 */
export function isSameTime(
  { expiry }: Store,
  expected: number | undefined,
  found: Reply | undefined,
  now: number,
): boolean {
  if (typeof found !== "number" || found < 0) return expected === undefined;
  const expiresAt = found + (expiry === "PTTL" ? now : 0);
  return expected !== undefined && Math.abs(expected - expiresAt) <= EXPIRY_TOLERANCE_MS;
}

/** @param says What is needed and what is free, in megabytes. @throws Stop when a store has less memory left. */
export function requireRoom(
  { freeBytes }: Store,
  needed: number,
  says: (needed: string, free: string) => string,
): void {
  if (needed <= freeBytes) return;
  const megabytes = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MB`;
  throw new Stop("failed", says(megabytes(needed), megabytes(freeBytes)), { remedy: "Choose a larger plan." });
}

/** What of a payload depends on the value alone. */
export function bodyOf(payload: string): string {
  return payload.slice(0, -FOOTER_BYTES);
}

/** The version of a payload's format. A server restores its own and older ones. */
export function formatOf(payload: string): number {
  const at = payload.length - FOOTER_BYTES;
  return payload.charCodeAt(at) + 256 * payload.charCodeAt(at + 1);
}

/** The newest format that a server can restore: that of what it dumps itself. 0 where it may not. */
export async function newestFormat(connection: Connection, key: string): Promise<number> {
  const [payload] = await connection.send([["DUMP", key]]);
  return typeof payload === "string" ? formatOf(payload) : 0;
}

/** The server's clock, in milliseconds since 1970. */
export async function clockOf({ connection }: Store): Promise<number> {
  return millisecondsIn(await ask(connection, "TIME"));
}

function millisecondsIn(time: Reply | undefined): number {
  const [seconds, microseconds] = listIn(time).map(Number);
  return (seconds ?? 0) * 1_000 + Math.floor((microseconds ?? 0) / 1_000);
}

/** Asks for the next while the last is used. */
async function* ahead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  let next = items.next();
  // Who stops early does not wait for it.
  next.catch(() => {});
  for (let { done, value } = await next; done !== true; { done, value } = await next) {
    next = items.next();
    next.catch(() => {});
    yield value;
  }
}
