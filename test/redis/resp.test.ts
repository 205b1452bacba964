import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RedisFailure } from "../../redis/failure.ts";
import { encode, type Reply, RespParser } from "../../redis/resp.ts";

const bytes = (text: string) => Buffer.from(text);

describe("encode", () => {
  test("counts bytes, not characters", () => {
    expect(encode([["SET", "ключ", ""], ["PING"]]).toString()).toBe(
      "*3\r\n$3\r\nSET\r\n$8\r\nключ\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n",
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

  test.each([
    ["HTTP/1.1 400 Bad Request\r\n", "NOT_REDIS"],
    ["SSH-2.0-OpenSSH\r\n", "NOT_REDIS"],
    ["$abc\r\n", "NOT_REDIS"],
    [`+${"x".repeat(70_000)}`, "NOT_REDIS"],
    ["\x15\x03\x01\x00\x02\x02\x50", "TLS_EXPECTED"],
  ] as const)("%j comes from no Redis", (text, kind) => {
    expect(() => new RespParser().push(bytes(text))).toThrow(new RedisFailure(kind));
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
