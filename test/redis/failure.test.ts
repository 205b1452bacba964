import { describe, expect, test } from "vitest";
import { explain, FAILURE_KINDS } from "../../redis/explanations.ts";
import { RedisFailure } from "../../redis/failure.ts";

describe("RedisFailure", () => {
  test.each([
    ["WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS"],
    ["NOAUTH Authentication required.", "NOAUTH"],
    ["NOPERM this user has no permissions to run the 'config|get' command", "NOPERM"],
    ["NOPERM User default has no permissions to run the 'config|get' command", "NOPERM"],
    ["LOADING Valkey is loading the dataset in memory", "LOADING"],
    ["-DENIED Redis is running in protected mode", "DENIED"],
    ["ERR max number of clients reached", "MAX_CLIENTS"],
    ["ERR DB index is out of range", "DB_INDEX"],
    ["ERR unknown command 'config', with args beginning with: 'GET' 'a secret'", "UNKNOWN_COMMAND"],
    ["ERR invalid password", "WRONGPASS"],
    ["ERR AUTH <password> called without any password configured for the default user.", "NO_PASSWORD_SET"],
    ["ERR Client sent AUTH, but no password is set", "NO_PASSWORD_SET"],
    ["AUTH failed: Client IP address is not in the allowlist.", "NOT_ALLOWED"],
    ["ERR AUTH failed: Client IP address is not in the allowlist.", "NOT_ALLOWED"],
    ["ERR not on the allow-list", "NOT_ALLOWED"],
    ["NOPERM the allowlist, or the max number of clients, is not for you", "NOPERM"],
    ["XERR max number of clients reached", "ERR"],
    ["AUTHX max number of clients reached", "ERR"],
    ["ERR invalid DB index", "DB_INDEX"],
    ["ERR unknown subcommand 'x'", "UNKNOWN_COMMAND"],
    ["ERR it said: ERR unknown command", "ERR"],
    ["READONLY-ISH it is not", "ERR"],
    ["WHATEVER it is", "ERR"],
    ["", "ERR"],
  ] as const)("%s", (line, kind) => {
    const failure = RedisFailure.fromReply(line);
    expect(failure.kind).toBe(kind);
    expect(JSON.stringify(failure) + failure.message + failure.stack).not.toContain("a secret");
  });

  const kindOf = (code: string) => RedisFailure.fromSocket(Object.assign(new Error("secret"), { code })).kind;

  /** Codes, what each means, and what one that only holds it means. */
  test.each([
    ["ENOTFOUND EAI_AGAIN ENODATA", "NOT_FOUND", "CLOSED"],
    ["ECONNREFUSED", "REFUSED", "CLOSED"],
    ["ENETUNREACH EHOSTUNREACH EADDRNOTAVAIL EACCES", "UNREACHABLE", "CLOSED"],
    ["ETIMEDOUT", "TIMEOUT", "CLOSED"],
    ["EPROTO ERR_SSL_WRONG_VERSION_NUMBER ERR_SSL_PACKET_LENGTH_TOO_LONG", "NO_HANDSHAKE", "CLOSED"],
    ["CERT_HAS_EXPIRED CERT_NOT_YET_VALID", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNTRUSTED"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "CERTIFICATE_NAME", "CERTIFICATE_UNTRUSTED"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT UNABLE_TO_VERIFY CERT_REVOKED", "CERTIFICATE_UNTRUSTED", "CERTIFICATE_UNTRUSTED"],
    ["ECONNRESET EPIPE EWHATEVER", "CLOSED", "CLOSED"],
  ])("%s", (codes, kind, alike) => {
    for (const code of codes.split(" ")) {
      expect([kindOf(code), kindOf(`X${code}`), kindOf(`${code}X`)]).toEqual([kind, alike, alike]);
    }
  });

  test("is itself when it is one already; what has no code is a defect, and stays what it is", () => {
    const failure = new RedisFailure("OOM");
    expect(RedisFailure.fromSocket(failure)).toBe(failure);
    for (const defect of [new TypeError("x"), { code: "ECONNREFUSED" }, undefined]) {
      let thrown: unknown = "nothing";
      try {
        RedisFailure.fromSocket(defect);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBe(defect);
    }
  });

  test("may pass by itself, or not", () => {
    expect(FAILURE_KINDS.filter((kind) => new RedisFailure(kind).transient).sort()).toEqual([
      ...["BUSY", "CLOSED", "LOADING", "MASTERDOWN", "MAX_CLIENTS", "NOT_FOUND"],
      ...["NO_HANDSHAKE", "REFUSED", "TIMEOUT", "UNREACHABLE"],
    ]);
  });
});

test.each(FAILURE_KINDS)("%s is explained, with what to do", (kind) => {
  const { what, remedy } = explain(kind);
  expect(what).toMatch(/^[^A-Z].*[^.]$/);
  expect(remedy).toMatch(/^[A-Z].*[.]$/);
});
