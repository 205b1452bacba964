import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRedisUrl } from "../../redis/address.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { AWKWARD_PASSWORDS } from "../checks/support/passwords.ts";

describe("parseRedisUrl", () => {
  test.each([
    [
      "redis://red-abc:6379",
      { host: "red-abc", port: 6379, tls: false, username: undefined, password: undefined, db: 0 },
    ],
    ["rediss://u:p@h", { host: "h", port: 6379, tls: true, username: "u", password: "p", db: 0 }],
    ["redis://:p@h:1/2", { host: "h", port: 1, tls: false, username: undefined, password: "p", db: 2 }],
    ["redis://p@h", { host: "h", port: 6379, tls: false, username: undefined, password: "p", db: 0 }],
    ["redis://[::1]:7/", { host: "::1", port: 7, tls: false, username: undefined, password: undefined, db: 0 }],
    ["redis://h:65535/15/", { host: "h", port: 65535, tls: false, username: undefined, password: undefined, db: 15 }],
    ["redis://:@h/", { host: "h", port: 6379, tls: false, username: undefined, password: undefined, db: 0 }],
    ["REDISS://h", { host: "h", port: 6379, tls: true, username: undefined, password: undefined, db: 0 }],
  ])("%s", (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  test.each([
    "",
    "https://h",
    "redis:/h",
    "redis://",
    "redis://u:secret@",
    "redis://h:99999",
    "redis://h:0",
    "red-abc:6379",
    ...[
      "x redis://h",
      "redis:///h",
      "redis://h h",
      "redis://h:1x",
      "redis://h:123456",
      "redis://h/123456",
      "redis://[h]",
    ],
    ...["redis://h:65536", "redis://[::1", "redis://h/x", "redis://h/1/2"],
  ])("refuses %j without repeating it", (url) => {
    expect(() => parseRedisUrl(url)).toThrow(new RedisFailure("BAD_URL"));
  });

  test.each(AWKWARD_PASSWORDS)("reads the encoded password %j", (password) => {
    expect(parseRedisUrl(`rediss://u:${encodeURIComponent(password)}@h`).password).toBe(password);
  });

  test.each(AWKWARD_PASSWORDS.filter((password) => !/%[0-9a-f]{2}/i.test(password)))(
    "reads the bare password %j",
    (password) => {
      expect(parseRedisUrl(`rediss://u:${password}@h:1`)).toMatchObject({ host: "h", port: 1, password });
    },
  );

  test("any text is an address or is refused, and nothing of it is told", () => {
    const part = fc.constantFrom(
      "redis://",
      "rediss://",
      "@",
      ":",
      "/",
      "[",
      "]",
      "%",
      "6379",
      "0",
      "host",
      "::1",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string({ unit: "binary" }))), (parts) => {
        const text = parts.join("");
        try {
          const { port, db, host } = parseRedisUrl(text);
          expect([port > 0 && port < 65_536, Number.isInteger(db), host !== ""]).toEqual([true, true, true]);
        } catch (error) {
          expect(error).toEqual(new RedisFailure("BAD_URL"));
        }
      }),
    );
    expect(() => parseRedisUrl(`redis://${"@".repeat(1_000_000)}`)).toThrow("BAD_URL");
    expect(() => parseRedisUrl(`redis://${"a".repeat(1_000_000)}:${"1".repeat(1_000_000)}`)).toThrow("BAD_URL");
  });

  test("any encoded login survives", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: "grapheme" }),
        fc.string({ minLength: 1, unit: "grapheme" }),
        (name, word) => {
          const address = parseRedisUrl(`redis://${encodeURIComponent(name)}:${encodeURIComponent(word)}@h:1`);
          expect(address).toMatchObject({ username: name, password: word, host: "h" });
        },
      ),
    );
  });
});
