import { RedisFailure } from "../redis/failure.ts";
import type { Reply } from "../redis/resp.ts";
import { ask } from "../redis/session.ts";
import { Stop } from "../runtime/errors.ts";
import { checkArchive, type Lock, type Manifest, readArchive } from "./archive.ts";
import {
  bodyOf,
  clockOf,
  EXPIRY_TOLERANCE_MS,
  isSameTime,
  newestFormat,
  OWN_PREFIX,
  PART,
  requireRoom,
  type Store,
} from "./dumps.ts";
import { databasesOf } from "./keys.ts";
import { type Command, Digest, digestOf, forKey, MAKING, NotCarried } from "./values.ts";

/** What becomes of a key that the instance has already: `none` may be there, it is kept, or the backup's replaces it. */
export type Rule = "none" | "keep" | "replace";

/** How far a restore has come. It is in the instance until the restore is verified. */
const MARKER = `${OWN_PREFIX}restore`;
const BATCH_BYTES = 2 * 1024 ** 2;
const BATCH_RECORDS = 500;
/** Records between two messages. */
const SHOWN_RECORDS = 50_000;
/** For how long what a comparison makes stays, should nobody delete it. */
const SCRATCH_MS = "60000";

export interface Restored {
  readonly manifest: Manifest;
  /** Keys that are in the instance as they are in the backup. */
  equal: number;
  /** Keys that have expired since the backup. */
  expired: number;
  /** Keys of the instance that were kept, and are others than the backup's. */
  kept: number;
  /** Keys that are not as they should be, each with the reason. */
  readonly wrong: Map<string, string>;
}

export interface RestoreOptions {
  readonly path: string;
  readonly lock: Lock;
  readonly rule: Rule;
  readonly onProgress: (text: string) => void;
}

/**
 * Restores a backup, and compares each key with it. After an interruption the same call goes on where it stopped.
 *
 * @throws Stop before it begins when the backup is damaged, the server is older than the backup's, the memory is too small, or the
 *   instance has keys and none may be there; RedisFailure when the connection ends.
 */
export async function restore(store: Store, { path, lock, rule, onProgress }: RestoreOptions): Promise<Restored> {
  onProgress("checking the backup");
  const manifest = await checkArchive(path, lock);
  const marker = await begin(store, manifest, rule);
  const restoring = new Restoring(store, rule, manifest.id, marker);
  for await (const records of readArchive(path, lock)) {
    for (const record of records) await restoring.take(record);
    onProgress(`${restoring.done - (restoring.done % SHOWN_RECORDS)} records`);
  }
  await restoring.flush();
  onProgress("comparing");
  const comparing = new Comparing(store, manifest, rule, restoring.refused);
  for await (const records of readArchive(path, lock)) for (const record of records) await comparing.take(record);
  await comparing.flush();
  // All is there and compared: that this is not answered changes nothing.
  await store.connection.send([
    ["SELECT", "0"],
    ["DEL", MARKER],
  ]);
  return comparing.result;
}

/** Checks all that can be known before. @returns how many records an earlier run has restored. */
async function begin(store: Store, manifest: Manifest, rule: Rule): Promise<number> {
  const { connection, allowed, server } = store;
  const databases = await databasesOf(connection);
  await ask(connection, "SELECT", "0");
  const [id, done] = String((await ask(connection, "GET", MARKER)) ?? "").split(" ");
  if (id !== "" && id !== manifest.id) {
    throw new Stop("failed", "Another backup was being restored here, and was interrupted.", {
      remedy: `Run that one again, or give it up: DEL ${MARKER}, and --merge.`,
    });
  }
  if (id === "" && rule === "none" && databases.size > 0) {
    const keys = [...databases.values()].reduce((sum, count) => sum + count, 0);
    throw new Stop("failed", `The instance is not empty: it has ${keys} keys.`, {
      remedy:
        "Restore into an empty one, or say what becomes of a key that both have: --merge keep, or --merge replace.",
    });
  }
  if (id === "") {
    requireRoom(store, manifest.bytes, (all, free) => `The backup needs ${all}, and the instance has ${free} left.`);
  }
  if (manifest.dumpFormat > 0) {
    const byType = 'Make a backup that any server takes: "backup --by-type".';
    if (!allowed.RESTORE) throw new Stop("failed", "This user may not RESTORE.", { remedy: byType });
    // The mark is there to dump: what is cut off now leaves nothing else.
    if (id === "") await ask(connection, "SET", MARKER, `${manifest.id} 0`);
    const newest = await newestFormat(connection, MARKER);
    if (newest > 0 && newest < manifest.dumpFormat) {
      if (id === "") await ask(connection, "DEL", MARKER);
      const made = `The backup is from ${manifest.server}`;
      throw new Stop("failed", `${made}, and ${server} is older: it reads no such payloads.`, { remedy: byType });
    }
  }
  if (id === "" && manifest.dumpFormat === 0) await ask(connection, "SET", MARKER, `${manifest.id} 0`);
  return Number(done ?? 0);
}

/** Goes through the records of a backup, and has each batch of them answered before the next. */
abstract class Batches {
  protected readonly store: Store;
  /** Records that are done with. */
  done = 0;
  #batch: Command[] = [];
  #bytes = 0;

  constructor(store: Store) {
    this.store = store;
  }

  async take(record: Command): Promise<void> {
    const [kind = "", ...words] = record;
    if (kind === "dump") {
      this.#batch.push(record);
      this.#bytes += words[2]?.length ?? 0;
      if (this.#batch.length >= BATCH_RECORDS || this.#bytes >= BATCH_BYTES) await this.flush();
      return;
    }
    await this.flush();
    if (kind === "db") await ask(this.store.connection, "SELECT", words[0] ?? "0");
    else await this.other(kind, words);
    this.done += 1;
  }

  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    if (batch.length > 0) await this.dumps(batch);
    this.done += batch.length;
  }

  protected abstract dumps(batch: readonly Command[]): Promise<void>;
  protected abstract other(kind: string, words: readonly string[]): Promise<void>;
}

class Restoring extends Batches {
  /** Keys whose payload the server refuses. */
  readonly refused = new Set<string>();
  readonly #rule: Rule;
  readonly #id: string;
  /** Records that an earlier run has restored. */
  readonly #from: number;
  #parts: Command[] = [];
  #partBytes = 0;
  #value: { readonly key: string; readonly expires: string } | undefined;
  #db = "0";

  constructor(store: Store, rule: Rule, id: string, from: number) {
    super(store);
    this.#rule = rule;
    this.#id = id;
    this.#from = from;
  }

  override async take(record: Command): Promise<void> {
    if (record[0] === "db") this.#db = record[1] ?? "0";
    await super.take(record);
  }

  protected async dumps(batch: readonly Command[]): Promise<void> {
    if (this.done + batch.length <= this.#from) return;
    const now = await clockOf(this.store);
    const left = batch.filter(([, , expires = ""]) => expires === "" || Number(expires) > now);
    const replace = this.#rule === "keep" ? [] : ["REPLACE"];
    const replies = await this.#send(
      left.map(([, key = "", expires = "", payload = ""]) => {
        return ["RESTORE", key, expires || "0", payload, "ABSTTL", ...replace];
      }),
      this.done + batch.length,
    );
    for (const [index, [, key = ""]] of left.entries()) if (refuses(replies[index])) this.refused.add(key);
  }

  protected async other(kind: string, words: readonly string[]): Promise<void> {
    if (this.done < this.#from) return;
    switch (kind) {
      case "value":
        this.#value = { key: words[0] ?? "", expires: words[1] ?? "" };
        this.#parts = [["DEL", PART]];
        return;
      case "part":
        if (this.#value === undefined) return;
        if (!MAKING.includes(words[0] ?? "")) throw new Stop("failed", "The backup has a command that makes no value.");
        this.#parts.push(forKey(PART, words));
        this.#partBytes += words.reduce((sum, { length }) => sum + length, 0);
        if (this.#parts.length >= BATCH_RECORDS || this.#partBytes >= BATCH_BYTES) await this.#sendParts();
        return;
      case "end": {
        if (this.#value === undefined) return;
        const { key, expires } = this.#value;
        if (expires !== "") this.#parts.push(["PEXPIREAT", PART, expires]);
        await this.#sendParts();
        // Whole at once. What has expired meanwhile is not there.
        const rename = this.#rule === "keep" ? ["RENAMENX", PART, key] : ["RENAME", PART, key];
        await this.#send([rename, ["DEL", PART]], this.done + 1);
        this.#value = undefined;
        return;
      }
      case "abandon":
        await this.#send([["DEL", PART]], this.done + 1);
        this.#value = undefined;
    }
  }

  async #sendParts(): Promise<void> {
    const replies = await this.#send(this.#parts.splice(0));
    this.#partBytes = 0;
    if (replies.some((reply) => refuses(reply))) this.refused.add(this.#value?.key ?? "");
  }

  /** @param done How many records are restored with these. */
  async #send(commands: Command[], done?: number): Promise<Reply[]> {
    // Of one pipeline: a server that got the mark has got what comes before.
    const mark =
      done === undefined
        ? []
        : [
            ["SELECT", "0"],
            ["SET", MARKER, `${this.#id} ${done}`],
            ["SELECT", this.#db],
          ];
    const replies = await this.store.paced.send([...commands, ...mark]);
    for (const reply of replies) {
      if (reply instanceof RedisFailure && reply.kind === "OOM") {
        throw new Stop("failed", "The instance's memory is full.", {
          remedy: "Choose a larger plan, then run the same command again: it goes on where it stopped.",
        });
      }
      if (reply instanceof RedisFailure && !refuses(reply) && reply.kind !== "BUSYKEY") throw reply;
    }
    return replies;
  }
}

/** Compares what is in the instance with the backup. */
class Comparing extends Batches {
  readonly result: Restored;
  readonly #rule: Rule;
  readonly #refused: ReadonlySet<string>;
  #value: { readonly key: string; readonly expires: string; readonly digest: Digest; command: string } | undefined;

  constructor(store: Store, manifest: Manifest, rule: Rule, refused: ReadonlySet<string>) {
    super(store);
    this.#rule = rule;
    this.#refused = refused;
    this.result = { manifest, equal: 0, expired: 0, kept: 0, wrong: new Map() };
  }

  protected async dumps(batch: readonly Command[]): Promise<void> {
    const { paced, expiry, allowed } = this.store;
    const now = await clockOf(this.store);
    const replies = await paced.send(
      batch.flatMap(([, key = ""]) => [[expiry, key], allowed.DUMP ? ["DUMP", key] : ["TYPE", key]]),
    );
    for (const [index, [, key = "", expires = "", payload = ""]] of batch.entries()) {
      const [expiresAt, value] = [replies[2 * index], replies[2 * index + 1]];
      const isSame = async () => {
        if (typeof value === "string" && allowed.DUMP && bodyOf(value) === bodyOf(payload)) return true;
        return this.#isEqual(key, payload);
      };
      await this.#judge(key, expires, expiresAt, now, isSame);
    }
  }

  protected async other(kind: string, words: readonly string[]): Promise<void> {
    if (kind === "value") {
      this.#value = { key: words[0] ?? "", expires: words[1] ?? "", digest: new Digest(), command: "" };
    } else if (kind === "part" && this.#value !== undefined) {
      this.#value.digest.add(words);
      this.#value.command = words[0] ?? "";
    } else if (kind === "end" && this.#value !== undefined) {
      const { key, expires, digest, command } = this.#value;
      const { connection, expiry } = this.store;
      const expiresAt = await ask(connection, expiry, key);
      const expected = `${command} ${digest.end()}`;
      const isSame = async () => (await digestOf(connection, key)) === expected;
      await this.#judge(key, expires, expiresAt, await clockOf(this.store), isSame);
    }
  }

  /** A server may keep equal values in another order: both are read by their type, the backup's from a key beside. */
  async #isEqual(key: string, payload: string): Promise<boolean> {
    const { connection } = this.store;
    await connection.send([["DEL", PART]]);
    const [made] = await connection.send([["RESTORE", PART, SCRATCH_MS, payload]]);
    if (made instanceof RedisFailure) return false;
    const [one, other] = [await digestOf(connection, PART), await digestOf(connection, key)];
    await connection.send([["DEL", PART]]);
    return one === other;
  }

  async #judge(
    key: string,
    expires: string,
    found: Reply | undefined,
    now: number,
    isSame: () => Promise<boolean>,
  ): Promise<void> {
    const { result } = this;
    const wrong = (reason: string) => {
      if (this.#rule === "keep" && found !== -2) result.kept += 1;
      else result.wrong.set(key, reason);
    };
    if (found instanceof RedisFailure) throw found;
    const expected = expires === "" ? undefined : Number(expires);
    if (found === -2 && expected !== undefined && expected - now < EXPIRY_TOLERANCE_MS) {
      result.expired += 1;
      return;
    }
    if (this.#refused.has(key) && this.#rule !== "keep") return wrong("the server refuses its payload");
    if (found === -2) return wrong("it is not there");
    if (!isSameTime(this.store, expected, found, now)) return wrong("it expires at another time");
    const same = await isSame().catch((error: unknown) => {
      if (error instanceof NotCarried) return false;
      throw error;
    });
    if (!same) return wrong("its value is another");
    result.equal += 1;
    // A key that came twice in the scan: the later one counts.
    result.wrong.delete(key);
  }
}

/** Whether a server refuses this one payload or command, and works otherwise. */
function refuses(reply: Reply | undefined): boolean {
  return reply instanceof RedisFailure && reply.kind === "ERR";
}
