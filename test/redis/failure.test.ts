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
    ["WHATEVER it is", "ERR"],
    ["", "ERR"],
  ] as const)("%s", (line, kind) => {
    const failure = RedisFailure.fromReply(line);
    expect(failure.kind).toBe(kind);
    expect(JSON.stringify(failure) + failure.message + failure.stack).not.toContain("a secret");
  });

  test.each([
    ["ENOTFOUND", "NOT_FOUND"],
    ["ECONNREFUSED", "REFUSED"],
    ["ECONNRESET", "CLOSED"],
    ["ETIMEDOUT", "TIMEOUT"],
    ["EPROTO", "NO_HANDSHAKE"],
    ["CERT_HAS_EXPIRED", "CERTIFICATE_EXPIRED"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "CERTIFICATE_NAME"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "CERTIFICATE_UNTRUSTED"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "CERTIFICATE_UNTRUSTED"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERTIFICATE_UNTRUSTED"],
    ["EWHATEVER", "CLOSED"],
  ] as const)("%s", (code, kind) => {
    expect(RedisFailure.fromSocket(Object.assign(new Error("secret"), { code })).kind).toBe(kind);
  });
});

test.each(FAILURE_KINDS)("%s is explained, with what to do", (kind) => {
  const { what, remedy } = explain(kind);
  expect(what).toMatch(/^[^A-Z].*[^.]$/);
  expect(remedy).toMatch(/^[A-Z].*[.]$/);
});
