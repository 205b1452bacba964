import { createHash } from "node:crypto";
import type { Connection } from "../redis/connection.ts";
import { RedisFailure } from "../redis/failure.ts";
import { listIn, textsIn } from "../redis/queue-keys.ts";
import type { Reply } from "../redis/resp.ts";
import { ask } from "../redis/session.ts";

/** What a command that makes a part of a value may be. */
export const MAKING: readonly string[] = "SET APPEND RPUSH SADD HSET ZADD XADD XSETID XGROUP XCLAIM".split(" ");

/** One command that makes a part of a value. Its words are bytes, a character each. */
export type Command = readonly string[];

/** Bytes that one command carries, about. */
const PIECE_BYTES = 1024 ** 2;
/** Bytes of an item whose size nobody knows. */
const USUAL_ITEM_BYTES = 100;
/** Times that a set or a hash is read, when it changes meanwhile. */
const TRIES = 3;

/** How many items a value has, or bytes where it is a text. */
const LENGTHS: Readonly<Record<string, string>> = {
  string: "STRLEN",
  list: "LLEN",
  set: "SCARD",
  hash: "HLEN",
  zset: "ZCARD",
  stream: "XLEN",
};

/** A value that cannot be read type by type: a module's, or one with an item that is too large. */
export class NotCarried extends Error {
  override readonly name = "NotCarried";
}

/**
 * The commands that make a key's value, in pieces of about a megabyte, where DUMP and RESTORE cannot be used. The time that it
 * expires is not among them.
 *
 * @param key Where the commands make it.
 * @param bytes What the value takes, where that is known.
 * @throws NotCarried, RedisFailure
 */
export async function* piecesOf(
  connection: Connection,
  from: string,
  key = from,
  bytes?: number,
): AsyncGenerator<Command> {
  const type = String(await ask(connection, "TYPE", from));
  const count = LENGTHS[type];
  if (type === "none") return;
  if (count === undefined) throw new NotCarried(`a value of the type ${type}`);
  const length = Number(await ask(connection, count, from));
  const step = Math.max(
    1,
    Math.floor(PIECE_BYTES / Math.max(1, bytes === undefined ? USUAL_ITEM_BYTES : bytes / length)),
  );
  const read = async (...command: string[]) => whole(await ask(connection, ...command));
  switch (type) {
    case "string":
      if (length === 0) yield ["SET", key, ""];
      for (let at = 0; at < length; at += PIECE_BYTES) {
        yield [
          "APPEND",
          key,
          String(await ask(connection, "GETRANGE", from, String(at), String(at + PIECE_BYTES - 1))),
        ];
      }
      return;
    case "list":
    case "zset":
      for (let at = 0; at < length; at += step) {
        const range = [from, String(at), String(at + step - 1)];
        if (type === "list") yield ["RPUSH", key, ...(await read("LRANGE", ...range))];
        else yield ["ZADD", key, ...reversedPairs(await read("ZRANGE", ...range, "WITHSCORES"))];
      }
      return;
    case "stream":
      yield* piecesOfStream(connection, from, key, step);
      return;
    default: {
      const [scan, add] = type === "set" ? ["SSCAN", "SADD"] : ["HSCAN", "HSET"];
      let cursor = "0";
      do {
        const [next, items] = listIn(await ask(connection, scan, from, cursor, "COUNT", String(step)));
        const words = whole(items ?? null);
        if (words.length > 0) yield [add, key, ...words];
        cursor = String(next);
      } while (cursor !== "0");
    }
  }
}

async function* piecesOfStream(
  connection: Connection,
  from: string,
  key: string,
  step: number,
): AsyncGenerator<Command> {
  let last = "-";
  for (;;) {
    const entries = listIn(await ask(connection, "XRANGE", from, last, "+", "COUNT", String(step)));
    for (const [id, fields] of entries.map(listIn)) {
      yield ["XADD", key, String(id), ...whole(fields ?? null)];
      last = `(${String(id)}`;
    }
    if (entries.length < step) break;
  }
  // COUNT 0: all of what waits in its groups, which is bounded by what its readers have taken.
  const facts = pairsIn(await ask(connection, "XINFO", "STREAM", from, "FULL", "COUNT", "0"));
  // An empty stream is made by a group, which need not stay.
  if (last === "-")
    yield* [
      ["XGROUP", "CREATE", key, "-", "0", "MKSTREAM"],
      ["XGROUP", "DESTROY", key, "-"],
    ];
  const added = facts.get("entries-added");
  const counts = ["ENTRIESADDED", String(added), "MAXDELETEDID", String(facts.get("max-deleted-entry-id"))];
  yield ["XSETID", key, String(facts.get("last-generated-id")), ...(added === undefined ? [] : counts)];
  for (const group of listIn(facts.get("groups")).map(pairsIn)) {
    const name = String(group.get("name"));
    const read = group.get("entries-read");
    const entries = typeof read === "number" ? ["ENTRIESREAD", String(read)] : [];
    yield ["XGROUP", "CREATE", key, name, String(group.get("last-delivered-id")), ...entries];
    for (const consumer of listIn(group.get("consumers")).map(pairsIn)) {
      yield ["XGROUP", "CREATECONSUMER", key, name, String(consumer.get("name"))];
      for (const [id, at, times] of listIn(consumer.get("pending") ?? consumer.get("pel")).map(listIn)) {
        const state = ["TIME", String(at), "RETRYCOUNT", String(times), "FORCE", "JUSTID"];
        yield ["XCLAIM", key, name, String(consumer.get("name")), "0", String(id), ...state];
      }
    }
  }
}

/** A command for another key: in a backup, and in a digest, the key is left empty. */
export function forKey(key: string, [command = "", ...words]: Command): Command {
  return command === "XGROUP" ? [command, words[0] ?? "", key, ...words.slice(2)] : [command, key, ...words.slice(1)];
}

/** A digest of a value that is the same for equal values, in whatever order a server keeps their members. */
export class Digest {
  readonly #inOrder = createHash("sha256");
  /** The sum of the digests of what has no order. */
  #sum = 0n;
  members = 0;

  add([command = "", , ...words]: Command): void {
    switch (command) {
      case "SET":
      case "APPEND":
        this.#inOrder.update(words[0] ?? "", "latin1");
        return;
      case "SADD":
        this.#addMembers(words, 1);
        return;
      case "HSET":
      case "ZADD":
        this.#addMembers(words, 2);
        return;
      case "RPUSH":
        for (const word of words) this.#inOrder.update(framed([word]), "latin1");
        return;
      // When a message was delivered is not part of the value: it moves with each reading.
      case "XCLAIM":
        this.#inOrder.update(framed([...words.slice(0, 4), words[7] ?? ""]), "latin1");
        return;
      default:
        this.#inOrder.update(framed([command, ...words]), "latin1");
    }
  }

  end(): string {
    return `${this.#inOrder.digest("hex")}${this.#sum.toString(16)}`;
  }

  #addMembers(words: Command, size: number): void {
    for (let at = 0; at < words.length; at += size) {
      const digest = createHash("sha256")
        .update(framed(words.slice(at, at + size)), "latin1")
        .digest();
      this.#sum += digest.readBigUInt64LE() + (digest.readBigUInt64LE(8) << 64n);
      this.members += 1;
    }
  }
}

/**
 * The {@link Digest} of a key's value; of no key, that of nothing.
 *
 * @throws NotCarried, RedisFailure
 */
export async function digestOf(connection: Connection, key: string, bytes?: number): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const digest = new Digest();
    let command = "";
    for await (const piece of piecesOf(connection, key, "", bytes)) {
      digest.add(piece);
      command = piece[0] ?? "";
    }
    // A scan gives a member twice when the table grows meanwhile.
    const count = command === "SADD" ? "SCARD" : command === "HSET" ? "HLEN" : undefined;
    if (count === undefined || tries === TRIES) return `${command} ${digest.end()}`;
    if (Number(await ask(connection, count, key)) === digest.members) return `${command} ${digest.end()}`;
  }
}

/** Words, so that their ends cannot be mistaken. */
function framed(words: Command): string {
  return words.map((word) => `${word.length}:${word}`).join("");
}

/** All of a reply's texts. @throws NotCarried when one was too large to be read. */
function whole(reply: Reply): string[] {
  const items = listIn(reply);
  if (items.some((item) => item instanceof RedisFailure))
    throw new NotCarried("a value with an item that is too large");
  return textsIn(items);
}

/** `member score` as `score member`. */
function reversedPairs(words: Command): string[] {
  return words.flatMap((word, index) => (index % 2 === 0 ? [words[index + 1] ?? "", word] : []));
}

function pairsIn(reply: Reply): Map<Reply, Reply> {
  const items = listIn(reply);
  return new Map(items.flatMap((item, index) => (index % 2 === 0 ? [[item, items[index + 1] ?? null] as const] : [])));
}
