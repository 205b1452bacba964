import { once } from "node:events";
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { askBackend } from "../../../examples/backend/ask.ts";
import { RenderClient } from "../../../render/api/client.ts";
import { TestRender } from "../../dev/emulator/harness.ts";

let render: TestRender;
let client: RenderClient;
let url: string;
beforeAll(async () => {
  render = await TestRender.start();
  client = new RenderClient({ apiKey: render.render.apiKey, host: render.render.host });
  await askBackend(client, render.render.backendServiceId);
  const { body } = await render.call("GET", `/services/${render.render.backendServiceId}`);
  ({ url } = z.object({ serviceDetails: z.object({ url: z.string() }) }).parse(body).serviceDetails);
});
afterAll(() => render.stop());

const headers = { "content-type": "application/json" };
const post = (body: string) => fetch(`${url}/messages`, { method: "POST", headers, body });

test("a fresh local Render runs it, without a Redis: synchronous, and well", async () => {
  expect(await askBackend(client, render.render.backendServiceId)).toMatchObject({ mode: "synchronous", queues: [] });
});

test("a message is sent, and may be brought again", async () => {
  const message = JSON.stringify({ id: "twice", channel: "sms", to: "+15550100", text: "hello" });
  for (const _time of [1, 2]) {
    const answer = await post(message);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ id: "twice", mode: "synchronous" });
  }
});

test.each([
  ["no JSON", "hello"],
  ["no recipient", JSON.stringify({ channel: "sms", text: "hello" })],
  ["a channel that there is not", JSON.stringify({ channel: "fax", to: "1", text: "hello" })],
  ["an id that cannot name a file", JSON.stringify({ id: "../x", channel: "sms", to: "1", text: "hello" })],
])("%s is refused", async (_what, body) => {
  expect((await post(body)).status).toBe(400);
});

test("anything else is not found", async () => {
  expect((await fetch(`${url}/`)).status).toBe(404);
});

test("a browser's cross-site request is refused: a form, and a page that points its own name here", async () => {
  const body = JSON.stringify({ channel: "sms", to: "+15550100", text: "hello" });
  const form = await fetch(`${url}/messages`, { method: "POST", headers: { "content-type": "text/plain" }, body });
  expect(form.status).toBe(415);
  expect(await statusFor("evil.example")).toBe(403);
  expect(await statusFor("127.0.0.1:10000")).toBe(200);
});

/** Of the health page, for a Host header that fetch would not send. */
async function statusFor(host: string): Promise<number | undefined> {
  const [response] = await once(request(`${url}/health`, { headers: { host } }).end(), "response");
  response.resume();
  return response.statusCode;
}
