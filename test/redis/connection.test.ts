import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseRedisUrl } from "../../redis/address.ts";
import { Connection, login } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { ask, assertLoggedIn, inSession } from "../../redis/session.ts";
import { answering, blackHole, closing, type Listener, listen } from "../checks/support/sockets.ts";

const PATIENCE_MS = 400;

/** The address of something that listens, up to the end of the test. */
async function at(listening: Promise<Listener>, scheme = "redis") {
  const { port, stop } = await listening;
  onTestFinished(stop);
  return parseRedisUrl(`${scheme}://localhost:${port}`);
}

async function open(listening: Promise<Listener>, options: { signal?: AbortSignal; scheme?: string } = {}) {
  const { signal = new AbortController().signal, scheme } = options;
  return Connection.open(await at(listening, scheme), { signal, patienceMs: PATIENCE_MS });
}

const failure = (kind: ConstructorParameters<typeof RedisFailure>[0]) => new RedisFailure(kind);
const stoppedAfter = (milliseconds: number) => {
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(), milliseconds);
  return stopped.signal;
};

describe("a connection", () => {
  test("answers with a reply for each command, in order, and with what comes unasked", async () => {
    const connection = await open(answering("+one\r\n-NOPERM no\r\n$5\r\nthree\r\n"));
    expect(await connection.send([["A"], ["B"]])).toEqual(["one", failure("NOPERM")]);
    expect(await connection.receive()).toBe("three");
    connection.close();
    expect(await connection.send([["C"]])).toEqual([failure("CLOSED")]);
    expect(connection.tls).toBeUndefined();
  });

  test.each<[string, (socket: Socket) => void, "NOT_REDIS" | "TIMEOUT"]>([
    [
      "floods",
      (socket) => {
        const flood = () => socket.writable && socket.write("+unasked\r\n".repeat(10_000), flood);
        socket.once("data", flood);
      },
      "NOT_REDIS",
    ],
    [
      "trickles",
      (socket) => {
        socket.write("+");
        const timer = setInterval(() => socket.write("x"), 10);
        socket.on("close", () => clearInterval(timer));
      },
      "TIMEOUT",
    ],
    ["begins a reply that never ends", (socket) => socket.write("*3\r\n$9\r\nhalf"), "TIMEOUT"],
    ["announces more than there can be", (socket) => socket.write("*999999999\r\n"), "NOT_REDIS"],
  ])("ends with a peer that %s", async (_, serve, kind) => {
    const connection = await open(listen(serve));
    const replies = await connection.send([["A"], ["B"], ["C"]]);
    const unread: unknown[] = [];
    for (let reply = await connection.receive(); !(reply instanceof RedisFailure); reply = await connection.receive()) {
      unread.push(reply);
    }
    expect(unread.length).toBeLessThanOrEqual(1_001);
    expect(replies.at(-1)).toEqual(kind === "NOT_REDIS" && replies[0] === "unasked" ? "unasked" : failure(kind));
    expect(await connection.receive()).toEqual(failure(kind));
  });

  test("ends when an answer does not come, for a late one would be taken for the next command's", async () => {
    const late = listen((socket) => {
      setTimeout(() => socket.writable && socket.write("+late\r\n"), 2 * PATIENCE_MS);
    });
    const connection = await open(late);
    expect(await connection.send([["A"], ["B"]])).toEqual([failure("TIMEOUT"), failure("TIMEOUT")]);
    expect(await connection.send([["C"]])).toEqual([failure("TIMEOUT")]);
  });

  test.each([
    [
      "the signal",
      async () => {
        const stopped = new AbortController();
        const connection = await open(blackHole(), { signal: stopped.signal });
        setTimeout(() => stopped.abort(), 30);
        return connection.receive();
      },
      "STOPPED",
    ],
    [
      "the other side",
      async () => (await open(listen((socket) => socket.once("data", () => socket.end())))).send([["A"]]),
      "CLOSED",
    ],
    [
      "this side",
      async () => {
        const connection = await open(blackHole());
        setTimeout(() => connection.close(), 30);
        return connection.receive();
      },
      "CLOSED",
    ],
    ["what is no Redis", async () => (await open(answering("HTTP/1.1 200 OK\r\n"))).send([["A"]]), "NOT_REDIS"],
  ] as const)("is ended by %s", async (_, receive, kind) => {
    expect([await receive()].flat()).toEqual([failure(kind)]);
  });

  test.each([
    [
      "nobody listens",
      () => Connection.open(parseRedisUrl("redis://localhost:1"), { signal: stoppedAfter(20_000) }),
      "REFUSED",
    ],
    ["it is too late already", () => open(blackHole(), { signal: AbortSignal.abort() }), "STOPPED"],
    ["nobody answers with TLS", () => open(blackHole(), { scheme: "rediss" }), "NO_HANDSHAKE"],
    ["it is stopped meanwhile", () => open(blackHole(), { scheme: "rediss", signal: stoppedAfter(30) }), "STOPPED"],
    ["the other side closes", () => open(closing(), { scheme: "rediss" }), "CLOSED"],
    ["the other side speaks no TLS", () => open(answering("+PONG\r\n"), { scheme: "rediss" }), "NO_HANDSHAKE"],
  ] as const)("does not come about when %s", async (_, opening, kind) => {
    await expect(opening()).rejects.toEqual(failure(kind));
  });
});

describe("a session", () => {
  test.each([
    ["redis://h", []],
    ["redis://h/3", [["SELECT", "3"]]],
    ["redis://:p@h", [["AUTH", "p"]]],
    [
      "redis://u:p@h/1",
      [
        ["AUTH", "u", "p"],
        ["SELECT", "1"],
      ],
    ],
  ])("logs in to %s", (url, commands) => {
    expect(login(parseRedisUrl(url))).toEqual(commands);
  });

  test("minds no password that the server does not need, and every other refusal", () => {
    expect(() => assertLoggedIn(["OK", failure("NO_PASSWORD_SET")])).not.toThrow();
    expect(() => assertLoggedIn(["OK", failure("DB_INDEX")])).toThrow(failure("DB_INDEX"));
  });

  test("does the work, and closes", async () => {
    let closed = false;
    const server = listen((socket) => {
      socket.once("data", () => socket.write("+PONG\r\n-OOM full\r\n"));
      socket.on("close", () => {
        closed = true;
      });
    });
    const address = await at(server);
    const options = { signal: stoppedAfter(20_000), patienceMs: PATIENCE_MS };
    await expect(
      inSession(address, options, async (connection) => {
        expect(await ask(connection, "PING")).toBe("PONG");
        return ask(connection, "SET", "a", "b");
      }),
    ).rejects.toEqual(failure("OOM"));
    await expect.poll(() => closed).toBe(true);
  });
});
