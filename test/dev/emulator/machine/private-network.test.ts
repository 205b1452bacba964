import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isInstalled } from "../../../checks/support/redis-server.ts";
import { TestRender } from "../harness.ts";

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start();
});
afterAll(() => render.stop());

const IOREDIS = new URL("../../../../node_modules/ioredis/built/index.js", import.meta.url).pathname;

/** A program that sends PING to an instance and prints the answer, or the error's code and message. */
function ping(id: string, how = `require("net").connect({ host: "${id}", port: 6379 })`): string {
  const program = `const s = ${how};
    s.on("connect", () => s.write("PING\\r\\n")).on("data", (d) => { console.log(String(d).trim()); s.end(); })
     .on("error", (e) => console.log(e.code, e.message));`;
  return `node -e '${program.replaceAll("'", "'\\''").replaceAll("\n", " ")}'`;
}

test.each([
  ["options", (id: string) => `require("net").connect({ host: "${id}", port: 6379 })`],
  ["port and host", (id: string) => `require("net").connect(6379, "${id}")`],
  [
    "a port as text, and a callback",
    (id: string) => `new (require("net").Socket)().connect("6379", "${id}", () => {})`,
  ],
])("a process inside reaches an instance by its id, without password: %s", async (_, how) => {
  const id = await render.instance();
  expect(await render.job(ping(id, how(id)))).toEqual({ status: "succeeded", output: ["+PONG"] });
});

/** Programs of other languages, which send PING to an instance and print the answer. */
const OTHERS: Readonly<Record<string, (id: string) => string>> = {
  python3: (id) =>
    `python3 -c 'import socket; s = socket.create_connection(("${id}", 6379)); s.send(b"PING\\r\\n"); print(s.recv(9).decode().strip())'`,
  perl: (id) =>
    `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("${id}:6379") or die; print $s "PING\\r\\n"; print scalar <$s>'`,
  bash: (id) => `bash -c 'exec 3<>/dev/tcp/${id}/6379; echo PING >&3; read -r -u 3 a; echo $a'`,
  "redis-cli": (id) => `echo +$(redis-cli -h ${id} PING)`,
};
const COMPILES = process.platform === "linux" && isInstalled("cc");

const THERE = Object.entries(OTHERS).filter(([name]) => COMPILES && isInstalled(name));
test.skipIf(THERE.length === 0).each(THERE)("a program of another language, too: %s", async (_, program) => {
  const id = await render.instance();
  expect((await render.job(program(id))).output.map((line) => line.trim())).toEqual(["+PONG"]);
  const none = await render.job(program("red-00000000000000000000"));
  expect(none.output.join("")).not.toContain("PONG");
  const elsewhere = await render.job(program(await render.instance({ region: "frankfurt" })));
  expect(elsewhere.output.join("")).not.toContain("PONG");
});

test("a Redis client inside uses the internal URL as it is", async () => {
  const { internal } = await render.urls(await render.instance());
  const program = `const { Redis } = require("${IOREDIS}"); const r = new Redis("${internal}");
    r.acl("WHOAMI").then((who) => { console.log(who); r.disconnect(); });`;
  expect((await render.job(`node -e '${program.replaceAll("\n", " ")}'`)).output).toEqual(["default"]);
});

test("an instance of another region, and one that is not there, cannot be resolved", async () => {
  const elsewhere = await render.instance({ region: "frankfurt" });
  expect((await render.job(ping(elsewhere))).output).toEqual([`ENOTFOUND getaddrinfo ENOTFOUND ${elsewhere}`]);
  const none = "red-00000000000000000000";
  expect((await render.job(ping(none))).output).toEqual([`ENOTFOUND getaddrinfo ENOTFOUND ${none}`]);
});

test("a killed instance refuses", async () => {
  const id = await render.instance();
  await render.control.act("kill", id);
  expect((await render.job(ping(id))).output).toEqual([`ECONNREFUSED connect ECONNREFUSED ${id}:6379`]);
});

test("a process outside cannot resolve the name", async () => {
  const id = await render.instance();
  const error = await new Promise((resolve) => connect(6379, id).once("error", resolve));
  expect(error).toMatchObject({ syscall: "getaddrinfo" });
});
