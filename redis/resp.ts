import { RedisFailure } from "./failure.ts";

/** A reply of Redis. An error reply is a value too: each command of a pipeline is judged by itself. */
export type Reply = string | number | null | readonly Reply[] | RedisFailure;

/** No reply that the checks ask for is near this; a peer that announces more does not speak Redis. */
const LONGEST_REPLY = 64 * 1024 ** 2;
const LONGEST_LINE = 64 * 1024;
const TLS_ALERT = 0x15;

/** Commands in the Redis protocol, version 2. */
export function encode(commands: readonly (readonly string[])[]): Buffer {
  const parts = commands.map(
    (words) => `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`,
  );
  return Buffer.from(parts.join(""));
}

/**
 * Reads replies from a stream in the Redis protocol, version 2.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export class RespParser {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /**
   * The replies that are complete once these bytes have come.
   *
   * @throws RedisFailure when the bytes cannot come from a Redis.
   */
  push(chunk: Buffer): Reply[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const replies: Reply[] = [];
    this.#at = 0;
    let end = 0;
    for (let reply = this.#reply(); reply !== undefined; reply = this.#reply()) {
      replies.push(reply);
      end = this.#at;
    }
    this.#bytes = this.#bytes.subarray(end);
    return replies;
  }

  /** The next reply, or `undefined` while part of it is still to come. */
  #reply(): Reply | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        return RedisFailure.fromReply(rest);
      case ":":
        return integer(rest);
      case "$":
        return this.#bulk(integer(rest));
      case "*":
        return this.#array(integer(rest));
      default:
        throw new RedisFailure("NOT_REDIS");
    }
  }

  #line(): string | undefined {
    const first = this.#bytes[this.#at];
    if (first === undefined) return undefined;
    if (first === TLS_ALERT) throw new RedisFailure("TLS_EXPECTED");
    if (!"+-:$*".includes(String.fromCharCode(first))) throw new RedisFailure("NOT_REDIS");
    const end = this.#bytes.indexOf("\r\n", this.#at);
    if (end === -1) {
      if (this.#bytes.length - this.#at > LONGEST_LINE) throw new RedisFailure("NOT_REDIS");
      return undefined;
    }
    const line = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #bulk(length: number): string | null | undefined {
    if (length === -1) return null;
    const end = this.#at + length;
    if (this.#bytes.length < end + 2) return undefined;
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 2;
    return text;
  }

  #array(length: number): Reply[] | null | undefined {
    if (length === -1) return null;
    const items: Reply[] = [];
    while (items.length < length) {
      const item = this.#reply();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}

function integer(text: string): number {
  if (!/^-?\d{1,15}$/.test(text) || Number(text) > LONGEST_REPLY * 1024) throw new RedisFailure("NOT_REDIS");
  return Number(text);
}
