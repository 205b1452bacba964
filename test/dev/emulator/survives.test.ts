import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at, TestRender, until } from "./harness.ts";

// Nothing that a client does may end the emulator. An error that nobody handles fails this file, too.

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start({ creationDelayMs: 100 });
});
afterAll(() => render.stop());

let names = 0;

async function newService(startCommand = "sleep 60"): Promise<string> {
  names += 1;
  const { body } = await render.call("POST", "/services", {
    name: `service-${names}`,
    ownerId: render.render.ownerId,
    type: "background_worker",
    serviceDetails: { envSpecificDetails: { startCommand } },
  });
  return at(body, "service.id");
}

const isAlive = async () => (await render.call("GET", "/owners")).status === 200;

test.each([
  ["is built", 20],
  ["is rolled out", 120],
  ["is live", 300],
])("a service is deleted while its deploy %s", async (_, ms) => {
  const id = await newService();
  await render.call("POST", `/services/${id}/deploys`);
  await delay(ms);
  expect((await render.call("DELETE", `/services/${id}`)).status).toBe(204);
  await delay(350);
  expect(await isAlive()).toBe(true);
  expect((await render.call("GET", `/services/${id}/deploys`)).status).toBe(404);
});

test("a service is deleted while a deploy waits for another, and while a job runs", async () => {
  await render.control.setFaults({ overlappingDeploys: "wait" });
  const id = await newService();
  await render.call("POST", `/services/${id}/deploys`);
  await render.call("POST", `/services/${id}/jobs`, { startCommand: "sleep 60" });
  await render.call("DELETE", `/services/${id}`);
  await delay(500);
  await render.control.clearFaults();
  expect(await isAlive()).toBe(true);
});

test("what no process can be started with fails its job or its deploy", async () => {
  const id = render.render.backendServiceId;
  expect((await render.job("echo \0")).status).toBe("failed");
  await render.call("PUT", `/services/${id}/env-vars/ODD`, { value: "a\0b" });
  expect(await render.deploy()).toBe("update_failed");
  const odd = await newService("sleep \0");
  expect((await render.call("POST", `/services/${odd}/restart`)).status).toBe(200);
  await until(async () => (await render.output(odd)).some((line) => line.includes("could not start sh")));
  await render.call("DELETE", `/services/${id}/env-vars/ODD`);
  expect(await render.deploy()).toBe("live");
});

test.each([
  ["no HTTP", "\x16\x03\x01\x02\x00\r\n\r\n"],
  ["TRACE", "TRACE /v1/owners HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
  ["CONNECT", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
  ["an unknown method", "BREW /v1/owners HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
  ["an upgrade", "GET /v1/owners HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ["a broken escape", "GET /v1/key-value/%E0%A4%A HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
  ["an address that is none", "GET http://[::::]/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
  ["a host that is none", "GET /v1/owners HTTP/1.1\r\nHost: a b:c\r\n\r\n"],
  ["no host", "GET /v1/owners HTTP/1.0\r\n\r\n"],
  ["a body that ends early", "POST /v1/key-value HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{"],
  [
    "chunks that are none",
    "POST /v1/key-value HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  ],
])("a client sends %s, and leaves", async (_, text) => {
  const authorized = text.replace("Host:", `Authorization: Bearer ${render.render.apiKey}\r\nHost:`);
  for (const sent of [text, authorized]) {
    const socket = connect(Number(new URL(render.render.host).port), "127.0.0.1").on("error", () => {});
    await once(socket, "connect");
    socket.write(sent);
    await delay(20);
    socket.destroy();
  }
  expect(await isAlive()).toBe(true);
});

test.each([
  ["a path", "../state"],
  ["an escaped path", "..%2F..%2Fstate"],
  ["a null byte", "a\0b"],
  ["a very long text", "x".repeat(5_000)],
])("logs are asked for by %s", async (_, resource) => {
  const query = new URLSearchParams({ ownerId: render.render.ownerId, resource });
  expect((await render.call("GET", `/logs?${query}`)).body).toMatchObject({ logs: [] });
});
