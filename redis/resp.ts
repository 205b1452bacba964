import { RedisFailure } from "./failure.ts";

/** A reply of Redis. An error reply is a value too: each command of a pipeline is judged by itself. */
export type Reply = string | number | null | readonly Reply[] | RedisFailure;

/** Bytes. No reply that is asked for here is near this; a peer that announces more does not speak Redis. */
const LONGEST_REPLY = 64 * 1024 ** 2;
const LONGEST_LINE = 64 * 1024;
/** Lists in lists. Redis itself goes to about ten. */
const DEEPEST = 32;
/** Bytes of the shortest reply: `+` and the end of its line. */
const SHORTEST_ITEM = 3;
const TLS_ALERT = 0x15;
const END_OF_LINE = "\r\n";

/** How texts and bytes relate: `latin1` is one character for each byte, whatever the bytes are. */
export type Encoding = "utf8" | "latin1";

/** Commands in the Redis protocol, version 2. */
export function encode(commands: readonly (readonly string[])[], encoding: Encoding = "utf8"): Buffer {
  const text = (word: string) => `$${Buffer.byteLength(word, encoding)}\r\n${word}\r\n`;
  const parts = commands.map((words) => `*${words.length}\r\n${words.map(text).join("")}`);
  return Buffer.from(parts.join(""), encoding);
}

/** A list of which only some items have arrived. */
interface OpenList {
  readonly items: Reply[];
  readonly length: number;
}

/**
 * Reads replies from a stream in the Redis protocol, version 2.
 *
 * It goes on where it stopped: what has arrived is not read again for each further piece. Every length, count and depth is
 * bounded, so that a peer that is no Redis costs neither time nor memory.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export class RespParser {
  /** What has arrived and is not read yet, in pieces until it is enough. */
  #pieces: Buffer[] = [];
  #size = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** How many bytes must be there before reading goes on. */
  #needed = 1;
  /** Length of the text that comes next, where its line has been read. */
  #bulk: number | undefined;
  readonly #lists: OpenList[] = [];
  readonly #encoding: Encoding;
  /** Bytes that the reply under way has taken so far. */
  #taken = 0;

  constructor(encoding: Encoding = "utf8") {
    this.#encoding = encoding;
  }

  /**
   * The replies that are complete once these bytes have come.
   *
   * @throws RedisFailure when the bytes cannot come from a Redis.
   */
  push(chunk: Buffer): Reply[] {
    this.#pieces.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return [];
    this.#bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces);
    this.#at = 0;
    this.#needed = 1;
    const replies: Reply[] = [];
    for (let item = this.#item(); item !== undefined; item = this.#item()) {
      const reply = this.#complete(item.value);
      if (reply === undefined) continue;
      replies.push(reply);
      this.#taken = 0;
    }
    const rest = this.#bytes.subarray(this.#at);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return replies;
  }

  /** The next reply that is no list, or an empty list; `undefined` while part of it is still to come. */
  #item(): { readonly value: Reply } | undefined {
    while (this.#bulk === undefined) {
      const line = this.#line();
      if (line === undefined) return undefined;
      const rest = line.slice(1);
      switch (line[0]) {
        case "+":
          return { value: rest };
        case "-":
          return { value: RedisFailure.fromReply(rest) };
        case ":":
          return { value: integer(rest) };
        case "$": {
          const length = size(rest);
          if (length === -1) return { value: null };
          this.#take(length + END_OF_LINE.length);
          this.#bulk = length;
          break;
        }
        default: {
          const length = size(rest);
          if (length < 1) return { value: length === 0 ? [] : null };
          const least = length * SHORTEST_ITEM;
          if (this.#taken + least > LONGEST_REPLY || this.#lists.length === DEEPEST)
            throw new RedisFailure("NOT_REDIS");
          this.#lists.push({ items: [], length });
        }
      }
    }
    return this.#text(this.#bulk);
  }

  /** Puts an item into its list; answers with the whole reply once nothing of it is missing. */
  #complete(item: Reply): Reply | undefined {
    let reply = item;
    for (let list = this.#lists.at(-1); list !== undefined; list = this.#lists.at(-1)) {
      list.items.push(reply);
      if (list.items.length < list.length) return undefined;
      this.#lists.pop();
      reply = list.items;
    }
    return reply;
  }

  #line(): string | undefined {
    const first = this.#bytes[this.#at];
    if (first === undefined) return undefined;
    if (first === TLS_ALERT) throw new RedisFailure("TLS_EXPECTED");
    if (!"+-:$*".includes(String.fromCharCode(first))) throw new RedisFailure("NOT_REDIS");
    const end = this.#bytes.indexOf(END_OF_LINE, this.#at);
    const length = (end === -1 ? this.#bytes.length : end) - this.#at;
    if (length > LONGEST_LINE) throw new RedisFailure("NOT_REDIS");
    if (end === -1) {
      this.#needed = length + 1;
      return undefined;
    }
    const line = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + END_OF_LINE.length;
    this.#take(length + END_OF_LINE.length);
    return line;
  }

  #text(length: number): { readonly value: string } | undefined {
    const end = this.#at + length;
    if (this.#bytes.length < end + END_OF_LINE.length) {
      this.#needed = length + END_OF_LINE.length;
      return undefined;
    }
    if (this.#bytes.toString("latin1", end, end + END_OF_LINE.length) !== END_OF_LINE) {
      throw new RedisFailure("NOT_REDIS");
    }
    const value = this.#bytes.toString(this.#encoding, this.#at, end);
    this.#at = end + END_OF_LINE.length;
    this.#bulk = undefined;
    return { value };
  }

  #take(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken > LONGEST_REPLY) throw new RedisFailure("NOT_REDIS");
  }
}

function integer(text: string): number {
  if (!/^[+-]?\d{1,19}$/.test(text)) throw new RedisFailure("NOT_REDIS");
  return Number(text);
}

/** A length or a count; -1 for what there is not. */
function size(text: string): number {
  if (!/^(-1|\d{1,9})$/.test(text)) throw new RedisFailure("NOT_REDIS");
  return Number(text);
}
