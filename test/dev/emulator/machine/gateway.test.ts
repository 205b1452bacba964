import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAllowed } from "../../../../dev/emulator/machine/gateway.ts";
import { TestRender } from "../harness.ts";

let render: TestRender;
let id: string;
let url: URL;
beforeAll(async () => {
  render = await TestRender.start();
  id = await render.instance({ ipAllowList: [{ cidrBlock: "127.0.0.0/8", description: "this machine" }] });
  url = new URL((await render.urls(id)).external);
});
afterAll(() => render.stop());

/** Sends bytes over TLS and gives everything that comes back until `enough` is there or the connection ends. */
function exchange(send: string, enough: RegExp, halfClose = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(render.render.caFile);
    const socket = connect({ host: "localhost", port: Number(url.port), ca, servername: "localhost" });
    let received = "";
    socket.once("secureConnect", () => (halfClose ? socket.end(send) : socket.write(send)));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (enough.test(received)) socket.destroy();
    });
    socket.once("error", reject).once("close", () => resolve(received));
  });
}

const command = (...words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;

describe("before a client is known", () => {
  test.each([
    ["PING", () => command("PING"), /^-NOAUTH Authentication required/],
    ["HELLO without user", () => command("HELLO", "3"), /^-NOAUTH/],
    ["an inline command", () => "PING\r\n", /^-NOAUTH/],
    ["AUTH without user name", () => command("AUTH", url.password), /^-WRONGPASS/],
    ["AUTH with a wrong password", () => command("AUTH", id, "wrong"), /^-WRONGPASS/],
    ["AUTH as the platform's own user", () => command("AUTH", "render-platform", "x"), /^-WRONGPASS/],
    ["AUTH as default", () => command("AUTH", "default", "x"), /^-WRONGPASS/],
    ["rubbish", () => `*1\r\n!4\r\nPING\r\n`, /^-ERR Protocol error/],
    ["far too long a command", () => "x".repeat(20_000), /^-ERR Protocol error/],
  ])("%s", async (_, send, answer) => {
    expect(await exchange(send(), answer)).toMatch(answer);
  });

  test("a wrong password may be followed by the right one", async () => {
    const send = command("AUTH", id, "wrong") + command("AUTH", id, url.password) + command("PING");
    expect(await exchange(send, /\+PONG/)).toMatch(/^-WRONGPASS[^\r]*\r\n\+OK\r\n\+PONG/);
  });
});

describe("with the right password", () => {
  test("commands sent along in one go are answered, also when the client closes its side", async () => {
    const send = command("AUTH", id, url.password) + command("SET", "k", "v") + command("GET", "k");
    expect(await exchange(send, /\$1\r\nv/)).toBe("+OK\r\n+OK\r\n$1\r\nv\r\n");
    expect(await exchange(send, /never/, true)).toBe("+OK\r\n+OK\r\n$1\r\nv\r\n");
  });

  test("HELLO with AUTH speaks the newer protocol", async () => {
    const send = command("HELLO", "3", "AUTH", id, url.password) + command("ACL", "WHOAMI");
    expect(await exchange(send, /red-[^\r]*\r\n$/)).toMatch(/^%\d+\r\n[\s\S]*red-/);
  });

  test("a large value goes through", async () => {
    const redis = new Redis(url.href, { tls: { ca: readFileSync(render.render.caFile) } });
    const value = "x".repeat(3_000_000);
    await redis.set("large", value);
    expect(await redis.get("large")).toBe(value);
    redis.disconnect();
  });
});

test("the certificate is verified: without the authority there is no connection", async () => {
  const redis = new Redis(url.href, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  const failure = new Promise<Error>((resolve) => redis.once("error", resolve));
  await redis.ping().catch(() => {});
  expect(await failure).toMatchObject({ code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
});

test("who is not on the allow list is told so, even with the right password", async () => {
  const closed = await render.instance({ ipAllowList: [{ cidrBlock: "10.0.0.0/8", description: "office" }] });
  const { password } = new URL((await render.urls(closed)).external);
  const answer = await exchange(command("AUTH", closed, password), /never/);
  expect(answer).toBe("-AUTH failed: Client IP address is not in the allowlist.\r\n");
  await render.call("PATCH", `/key-value/${closed}`, { ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "" }] });
  expect(await exchange(command("AUTH", closed, password), /\r\n/)).toBe("+OK\r\n");
});

test.each([
  ["127.0.0.1", ["127.0.0.1/32"], true],
  ["::ffff:127.0.0.1", ["127.0.0.1/32"], true],
  ["10.2.3.4", ["192.168.0.0/16", "10.0.0.0/8"], true],
  ["11.2.3.4", ["10.0.0.0/8"], false],
  ["127.0.0.1", [], false],
  ["127.0.0.1", ["::/0"], false],
  ["::1", ["::/0"], true],
  ["127.0.0.1", ["0.0.0.0/32"], false],
  [undefined, ["0.0.0.0/0"], false],
])("%s with a list of %j: %s", (address, blocks, allowed) => {
  expect(
    isAllowed(
      address,
      blocks.map((cidrBlock) => ({ cidrBlock, description: "" })),
    ),
  ).toBe(allowed);
});
