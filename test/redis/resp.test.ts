import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { RedisFailure } from "../../redis/failure.ts";
import { encode, type Reply, RespParser } from "../../redis/resp.ts";

const MB = 1024 ** 2;
const bytes = (text: string) => Buffer.from(text);

describe("encode", () => {
  test("counts bytes, not characters", () => {
    expect(encode([["SET", "ключ", ""], ["PING"]]).toString()).toBe(
      "*3\r\n$3\r\nSET\r\n$8\r\nключ\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n",
    );
  });
});

describe("bytes", () => {
  test("go through as they are, a character each", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array(), { minLength: 1 }), (all) => {
        const words = all.map((word) => Buffer.from(word).toString("latin1"));
        expect(new RespParser("latin1").push(encode([words], "latin1"))).toEqual([words]);
      }),
    );
  });

  test("of a text that is too long are skipped, however they are cut, and what follows is read", () => {
    const all = encode([["a", "x".repeat(9), "", "y".repeat(10), "b"], ["c"]], "latin1");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: all.length })), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), all.length];
        const parser = new RespParser("latin1", 9);
        const replies = places.slice(1).flatMap((end, index) => parser.push(all.subarray(places[index], end)));
        expect(replies).toEqual([["a", "x".repeat(9), "", new RedisFailure("TOO_LARGE"), "b"], ["c"]]);
      }),
    );
  });
});

describe("RespParser", () => {
  test.each<[string, Reply[]]>([
    ["+PONG\r\n", ["PONG"]],
    [":-1\r\n:42\r\n", [-1, 42]],
    ["$5\r\nhe\r\no\r\n$0\r\n\r\n$-1\r\n", ["he\r\no", "", null]],
    ["*2\r\n+a\r\n*1\r\n:1\r\n*0\r\n*-1\r\n", [["a", [1]], [], null]],
    ["-NOAUTH Authentication required.\r\n", [new RedisFailure("NOAUTH")]],
    ["+incomplete", []],
    ["$10\r\nincomplete", []],
    ["*2\r\n+a\r\n", []],
  ])("%j", (text, replies) => {
    expect(new RespParser().push(bytes(text))).toEqual(replies);
  });

  test("the same replies come out however the bytes are cut", () => {
    const text = "+PONG\r\n$12\r\nключик\r\n*3\r\n:1\r\n$-1\r\n-LOADING x\r\n:7\r\n";
    const whole = new RespParser().push(bytes(text));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes(text).length })), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes(text).length];
        const parser = new RespParser();
        const replies = places.slice(1).flatMap((end, index) => parser.push(bytes(text).subarray(places[index], end)));
        expect(replies).toEqual(whole);
      }),
    );
  });

  const impossible = [
    ["HTTP/1.1 400 Bad Request\r\n", "NOT_REDIS"],
    ["SSH-2.0-OpenSSH\r\n", "NOT_REDIS"],
    ["$abc\r\n", "NOT_REDIS"],
    ["$-7\r\n", "NOT_REDIS"],
    ["*-7\r\n", "NOT_REDIS"],
    ["$3\r\nfour\r\n", "NOT_REDIS"],
    [`$${64 * MB}\r\n`, "NOT_REDIS"],
    ["*100000000\r\n", "NOT_REDIS"],
    [`*2\r\n$${40 * MB}\r\n${"x".repeat(40 * MB)}\r\n$${40 * MB}\r\n`, "NOT_REDIS"],
    ["*1\r\n".repeat(33), "NOT_REDIS"],
    [":12345678901234567890\r\n", "NOT_REDIS"],
    [`+${"x".repeat(70_000)}`, "NOT_REDIS"],
    ["\x15\x03\x01\x00\x02\x02\x50", "TLS_EXPECTED"],
  ] as const;

  test.each(impossible.map(([text, kind]) => [text.slice(0, 30), text, kind] as const))(
    "%j comes from no Redis",
    (_, text, kind) => {
      expect(() => new RespParser().push(bytes(text))).toThrow(new RedisFailure(kind));
    },
  );

  test("no announcement makes it wait or loop: what cannot be is refused at once, the rest is read", () => {
    const announcement = fc.tuple(fc.constantFrom("$", "*"), fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }));
    fc.assert(
      fc.property(fc.array(announcement, { minLength: 1, maxLength: 40 }), (all) => {
        try {
          new RespParser().push(bytes(all.map(([type, length]) => `${type}${length}\r\n`).join("")));
        } catch (error) {
          expect(error).toEqual(new RedisFailure("NOT_REDIS"));
        }
      }),
    );
  });

  test.each([
    ["a text", 1448, `$${MB}\r\n${"x".repeat(MB)}\r\n`],
    ["a list", 100, `*5000\r\n${"$11\r\nhello world\r\n".repeat(5_000)}`],
  ])("%s that comes in pieces of %i bytes is read once, not once a piece", (_, size, text) => {
    const searches = vi.spyOn(Buffer.prototype, "indexOf");
    const copies = vi.spyOn(Buffer, "concat");
    onTestFinished(() => void vi.restoreAllMocks());
    const all = bytes(text);
    const parser = new RespParser();
    const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, index) => {
      return all.subarray(index * size, (index + 1) * size);
    });
    expect(pieces.flatMap((piece) => parser.push(piece))).toHaveLength(1);
    expect(searches.mock.calls.length).toBeLessThanOrEqual(pieces.length + text.split("\r\n").length);
    const copied = copies.mock.results.map(({ value }) => value.length);
    expect(copied.reduce((sum, length) => sum + length, 0)).toBeLessThan(2 * all.length);
  });

  test("nothing makes it throw anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        try {
          new RespParser().push(Buffer.from(noise));
        } catch (error) {
          expect(error).toBeInstanceOf(RedisFailure);
        }
      }),
    );
  });
});
