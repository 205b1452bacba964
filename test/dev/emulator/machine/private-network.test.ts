import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
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
