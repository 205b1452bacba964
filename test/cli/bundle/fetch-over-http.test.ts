import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { fetch } from "../../../cli/bundle/fetch-over-http.ts";
import { startTestApi, type TestApiOptions } from "../../checks/support/render-api.ts";

type Answer = Pick<Response, "status" | "statusText" | "ok" | "headers" | "text" | "json">;

async function ask(answer: TestApiOptions["answer"], request: object = {}): Promise<Answer> {
  const { host, stop } = await startTestApi({ ...(answer === undefined ? {} : { answer }) });
  onTestFinished(stop);
  return (await fetch(host, { method: "POST", headers: { "x-said": "this" }, ...request })) as Answer;
}

test("what is sent arrives, and the answer is as fetch gives it", async () => {
  const answer = await ask(
    (request, response) => {
      const { method, headers } = request;
      request.on("data", (body: Buffer) => {
        response.writeHead(201, "Made", { "X-Answer": "yes" });
        response.end(JSON.stringify([method, headers["x-said"], body.toString()]));
      });
      return true;
    },
    { body: "ü" },
  );
  expect([answer.status, answer.statusText, answer.ok]).toEqual([201, "Made", true]);
  expect([answer.headers.get("x-ANSWER"), answer.headers.get("none")]).toEqual(["yes", null]);
  expect(await answer.json()).toEqual(["POST", "this", "ü"]);
  expect(await answer.text()).toBe('["POST","this","ü"]');
});

test.each([
  [200, true],
  [299, true],
  [300, false],
  [404, false],
])("whether %i is good", async (status, ok) => {
  expect(await ask((_request, response) => Boolean(response.writeHead(status).end()))).toMatchObject({ status, ok });
});

test("what goes wrong is a TypeError with its cause, as with fetch", async () => {
  const failed = { name: "TypeError", message: "fetch failed", cause: expect.any(Error) };
  const get = { method: "GET", headers: {} };
  await expect(fetch("http://127.0.0.1:9/v1", get)).rejects.toMatchObject(failed);
  const half: TestApiOptions["answer"] = (_request, response) => {
    response.writeHead(200, { "content-length": "9" }).write("half");
    setTimeout(() => response.destroy(), 10);
    return true;
  };
  await expect(ask(half)).rejects.toMatchObject(failed);
  const asked = new AbortController();
  const never: TestApiOptions["answer"] = () => {
    asked.abort();
    return true;
  };
  await expect(ask(never, { signal: asked.signal })).rejects.toMatchObject({
    ...failed,
    cause: { name: "AbortError" },
  });
});

test("an address with TLS is spoken to with TLS", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const asked = fetch(`https://127.0.0.1:${port}/`, { method: "GET", headers: {} }).catch(() => {});
  const [socket] = await once(server, "connection");
  const [hello] = await once(socket, "data");
  // A TLS handshake begins with 22.
  expect(hello[0]).toBe(22);
  socket.destroy();
  await asked;
});
