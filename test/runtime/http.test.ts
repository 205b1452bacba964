import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { sendHttp } from "../../runtime/http.ts";
import { startTestApi, type TestApiOptions } from "../checks/support/render-api.ts";

const never = new AbortController().signal;

async function ask(answer: NonNullable<TestApiOptions["answer"]>, request: object = {}) {
  const { host, stop } = await startTestApi({ answer });
  onTestFinished(stop);
  return sendHttp(host, { method: "POST", headers: { "x-said": "this" }, signal: never, ...request });
}

test("what is sent arrives, and the whole answer comes back", async () => {
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
  expect(answer).toMatchObject({ status: 201, statusText: "Made", headers: { "x-answer": "yes" } });
  expect(answer.text).toBe('["POST","this","ü"]');
});

test("a redirect is an answer", async () => {
  const { host, stop } = await startTestApi({});
  onTestFinished(stop);
  const answer = await ask((_request, response) => Boolean(response.writeHead(302, { location: host }).end()));
  expect(answer).toMatchObject({ status: 302, headers: { location: host } });
});

test("what goes wrong has the system's word for it", async () => {
  await expect(sendHttp("http://127.0.0.1:9/v1", { signal: never })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const half: TestApiOptions["answer"] = (_request, response) => {
    response.writeHead(200, { "content-length": "9" }).write("half");
    setTimeout(() => response.destroy(), 10);
    return true;
  };
  await expect(ask(half)).rejects.toMatchObject({ code: "ECONNRESET" });
});

test.each<[string, TestApiOptions["answer"]]>([
  ["before there is an answer", () => true],
  ["while its body comes", (_request, response) => response.writeHead(200).write("{", () => {})],
])("the signal ends it %s", async (_when, answer) => {
  const stop = new AbortController();
  const stopped = ask(
    (...call) => {
      setTimeout(() => stop.abort(), 20);
      return answer?.(...call) ?? true;
    },
    { signal: stop.signal },
  );
  await expect(stopped).rejects.toThrow();
  expect(stop.signal.aborted).toBe(true);
});

test("a body that does not end is given up at a size that no answer has", async () => {
  const megabyte = Buffer.alloc(1_000_000, 32);
  let sent = 0;
  const endless = ask((_request, response) => {
    const more = () => {
      if (response.destroyed) return;
      sent += 1;
      response.write(megabyte, () => setImmediate(more));
    };
    more();
    return true;
  });
  await expect(endless).rejects.toThrow("the answer is longer than 20 MB.");
  expect(sent).toBeLessThan(60);
});

test("an address with TLS is spoken to with TLS", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const asked = sendHttp(`https://127.0.0.1:${port}/`, { signal: never }).catch(() => {});
  const [socket] = await once(server, "connection");
  const [hello] = await once(socket, "data");
  // A TLS handshake begins with 22.
  expect(hello[0]).toBe(22);
  socket.destroy();
  await asked;
});
