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
const MOST_DIGITS = 19;
const MOST_DIGITS_OF_A_SIZE = 9;
const TLS_ALERT = 0x15;
const END_OF_LINE = "\r\n";
const FIRST_BYTES = Buffer.from("+-:$*");
const [PLUS, MINUS, COLON, DOLLAR] = FIRST_BYTES;
const ZERO = 48;

/** How texts and bytes relate: `latin1` is one character for each byte, whatever the bytes are. */
export type Encoding = "utf8" | "latin1";

/** Commands in the Redis protocol, version 2. */
export function encode(commands: readonly (readonly string[])[], encoding: Encoding = "utf8"): Buffer {
  let text = "";
  for (const words of commands) {
    text += `*${words.length}\r\n`;
    for (const word of words) {
      const bytes = encoding === "latin1" ? word.length : Buffer.byteLength(word);
      text += `$${bytes}\r\n${word}\r\n`;
    }
  }
  return Buffer.from(text, encoding);
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
  readonly #longestText: number;
  /** Bytes of a text, longer than is wanted, that are still to be skipped. */
  #skipped = 0;

  /** @param longestText Bytes: a longer text is skipped, and `TOO_LARGE` stands in its place. Default: it comes from no Redis. */
  constructor(encoding: Encoding = "utf8", longestText = Number.POSITIVE_INFINITY) {
    this.#encoding = encoding;
    this.#longestText = longestText;
  }

  /**
   * The replies that are complete once these bytes have come.
   *
   * @throws RedisFailure when the bytes cannot come from a Redis.
   */
  push(bytes: Buffer): Reply[] {
    const skipped = Math.min(this.#skipped, bytes.length);
    this.#skipped -= skipped;
    const chunk = bytes.subarray(skipped);
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
      const begin = this.#at;
      const end = this.#endOfLine();
      if (end === undefined) return undefined;
      switch (this.#bytes[begin]) {
        case PLUS:
          return { value: this.#bytes.toString("utf8", begin + 1, end) };
        case MINUS:
          return { value: RedisFailure.fromReply(this.#bytes.toString("utf8", begin + 1, end)) };
        case COLON:
          return { value: this.#number(begin + 1, end, MOST_DIGITS) };
        case DOLLAR: {
          const length = this.#length(begin + 1, end);
          if (length === -1) return { value: null };
          if (length > this.#longestText) return this.#skip(length + END_OF_LINE.length);
          this.#take(length + END_OF_LINE.length);
          this.#bulk = length;
          break;
        }
        default: {
          const length = this.#length(begin + 1, end);
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

  #skip(bytes: number): { readonly value: Reply } {
    const here = Math.min(bytes, this.#bytes.length - this.#at);
    this.#at += here;
    this.#skipped = bytes - here;
    return { value: new RedisFailure("TOO_LARGE") };
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

  /** Reads on to the end of the line, and says where that is; `undefined` while it is still to come. */
  #endOfLine(): number | undefined {
    const first = this.#bytes[this.#at];
    if (first === undefined) return undefined;
    if (first === TLS_ALERT) throw new RedisFailure("TLS_EXPECTED");
    if (!FIRST_BYTES.includes(first)) throw new RedisFailure("NOT_REDIS");
    const end = this.#bytes.indexOf(END_OF_LINE, this.#at);
    const length = (end === -1 ? this.#bytes.length : end) - this.#at;
    if (length > LONGEST_LINE) throw new RedisFailure("NOT_REDIS");
    if (end === -1) {
      this.#needed = length + 1;
      return undefined;
    }
    this.#at = end + END_OF_LINE.length;
    this.#take(length + END_OF_LINE.length);
    return end;
  }

  /** A whole number. Digit by digit: a server sends millions of them. */
  #number(begin: number, end: number, mostDigits: number): number {
    const sign = this.#bytes[begin];
    const first = sign === MINUS || sign === PLUS ? begin + 1 : begin;
    if (end === first || end - first > mostDigits) throw new RedisFailure("NOT_REDIS");
    let number = 0;
    for (let at = first; at < end; at += 1) {
      const digit = (this.#bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) throw new RedisFailure("NOT_REDIS");
      number = number * 10 + digit;
    }
    return sign === MINUS ? -number : number;
  }

  /** A length or a count; -1 for what there is not. */
  #length(begin: number, end: number): number {
    const size = this.#number(begin, end, MOST_DIGITS_OF_A_SIZE);
    if (size < -1 || Object.is(size, -0)) throw new RedisFailure("NOT_REDIS");
    return size;
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
