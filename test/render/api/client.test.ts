import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { RenderClient } from "../../../render/api/client.ts";
import type { Method } from "../../../render/api/endpoint.ts";
import { API } from "../../../render/api/endpoints.ts";
import { RenderApiError } from "../../../render/api/error.ts";
import { readLogs } from "../../../render/api/logs.ts";

const KEY = "rnd_secretsecretsecret";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A server that answers the n-th request with the n-th answer, the last one from then on. */
async function serve(...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    calls.push(`${request.method} ${request.url}`);
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.custom<AddressInfo>((value) => typeof value === "object").parse(server.address());
  return { host: `http://127.0.0.1:${port}/v1`, calls };
}

const answer =
  (status: number, body: unknown = {}, headers: Record<string, string> = {}) =>
  (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

/** A page of so many variables. */
const page = (length: number, name: string) =>
  answer(
    200,
    Array.from({ length }, (_, at) => ({ cursor: `${name}${at}`, envVar: { key: `${name}${at}`, value: "v" } })),
  );

const hangUp = (request: IncomingMessage) => void request.socket.destroy();

const client = (host: string, deadlineMs = 5_000) => new RenderClient({ apiKey: KEY, host, deadlineMs });

/** A call that takes and gives anything. */
const endpoint = (method: Method) =>
  ({
    method,
    path: "/x",
    sent: z.record(z.string(), z.unknown()).optional(),
    answer: z.unknown(),
    statuses: [200],
  }) as const;

async function failure(call: Promise<unknown>): Promise<RenderApiError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RenderApiError);
  if (!(error instanceof RenderApiError)) throw new Error("the call did not fail");
  expect(JSON.stringify([error.message, error.stack, { ...error }])).not.toContain(KEY);
  return error;
}

test("a call carries the key, and its answer goes through the schema", async () => {
  const { host, calls } = await serve((request, response) => {
    answer(200, { authorization: request.headers.authorization })(request, response);
  });
  const answered = z.object({ authorization: z.string() });
  const seen = await client(host).call({ ...endpoint("GET"), answer: answered }, {}, { a: "1 2" });
  expect(seen.authorization).toBe(`Bearer ${KEY}`);
  expect(calls).toEqual(["GET /v1/x?a=1+2"]);
});

test("429 is repeated after Retry-After, also when the call is not idempotent", async () => {
  const { host, calls } = await serve(answer(429, { message: "slow down" }, { "retry-after": "1" }), answer(201, {}));
  const begin = Date.now();
  await client(host).call(endpoint("POST"), {}, { a: 1 });
  expect(Date.now() - begin).toBeGreaterThanOrEqual(950);
  expect(calls).toHaveLength(2);
});

test.each([500, 502, 503, 504])("%i is repeated when the call is idempotent", async (status) => {
  const { host, calls } = await serve(answer(status, { message: "try again" }), answer(200, {}));
  await client(host).call(endpoint("GET"), {});
  expect(calls).toHaveLength(2);
});

test("a broken connection is repeated when the call is idempotent", async () => {
  const { host, calls } = await serve(hangUp, answer(200, {}));
  await client(host).call(endpoint("DELETE"), {});
  expect(calls).toHaveLength(2);
});

test.each<["POST" | "PATCH"]>([["POST"], ["PATCH"]])(
  "%s is not repeated after a failure: it may have happened",
  async (method) => {
    const failing = await serve(answer(500, { message: "broken" }));
    const error = await failure(client(failing.host).call(endpoint(method), {}, {}));
    expect(error.message).toBe(`${method} /x failed: 500: broken.`);
    expect(failing.calls).toHaveLength(1);

    const breaking = await serve(hangUp);
    expect((await failure(client(breaking.host).call(endpoint(method), {}, {}))).reason).toBe("network");
    expect(breaking.calls).toHaveLength(1);
  },
);

test.each([
  [
    401,
    { message: "unauthorized" },
    "GET /key-value/red-1 failed: 401: unauthorized. Set RENDER_API_KEY to a valid key",
  ],
  [403, { message: "forbidden" }, "failed: 403: forbidden. Use an API key of a member of the workspace"],
  [404, { message: "not found: red-1" }, "failed: 404: not found: red-1."],
  [400, "no JSON", "failed: 400: Bad Request."],
  [400, { message: `bad key ${KEY}` }, "failed: 400: bad key ***."],
])("%i is told with the call, Render's words and the remedy", async (status, body, message) => {
  const { host, calls } = await serve(answer(status, body));
  const error = await failure(client(host).call(API.getKeyValue, { id: "red-1" }));
  expect(error.message).toContain(message);
  expect(error.status).toBe(status);
  expect(calls).toHaveLength(1);
});

test("no answer within the deadline is an error that says so, in time", async () => {
  const { host } = await serve(() => undefined);
  const error = await failure(client(host, 300).call(endpoint("GET"), {}));
  expect(error.reason).toBe("deadline");
  expect(error.message).toBe("GET /x failed: no answer within 0.3 s. Check the network, and RENDER_HOST if it is set.");
});

test.each(["60", "99999999999", "Fri, 01 Jan 2100 00:00:00 GMT"])(
  "a rate limit that ends after the deadline (%s) is an error at once",
  async (seconds) => {
    const { host, calls } = await serve(answer(429, { message: "slow down" }, { "retry-after": seconds }));
    const error = await failure(client(host, 30_000).call(endpoint("GET"), {}));
    expect(error.message).toMatch(
      /^GET \/x failed: 429: slow down\. Render asks to wait \d+ s, and there are 30 s in all\.$/,
    );
    expect([error.reason, calls.length]).toEqual(["deadline", 1]);
  },
);

test("what is waited for is told within two seconds", async () => {
  const told: string[] = [];
  const onWait = (text: string) => void told.push(text);
  const silent = await serve(() => undefined);
  const broken = await serve(answer(500, { message: "broken" }));
  const limited = await serve(answer(429, { message: "slow down" }, { "retry-after": "2" }), answer(200));
  await Promise.all([
    failure(new RenderClient({ apiKey: KEY, host: silent.host, deadlineMs: 2_000, onWait }).call(endpoint("GET"), {})),
    failure(new RenderClient({ apiKey: KEY, host: broken.host, deadlineMs: 2_000, onWait }).call(endpoint("PUT"), {})),
    new RenderClient({ apiKey: KEY, host: limited.host, onWait }).call(endpoint("POST"), {}),
    client(limited.host).call(endpoint("GET"), {}),
  ]);
  expect(told.sort()).toEqual([
    "Render's API asks to wait 2 s (POST /x)",
    "waiting for Render's API (GET /x: no answer yet.)",
    "waiting for Render's API (POST /x: 429: slow down.)",
    "waiting for Render's API (PUT /x: 500: broken.)",
  ]);
});

test("all pages of a list together end at the deadline", async () => {
  let cursor = 0;
  const slow = (request: IncomingMessage, response: ServerResponse) => {
    cursor += 1;
    setTimeout(() => page(20, `${cursor}`)(request, response), 50);
  };
  const { host, calls } = await serve(slow);
  const error = await failure(client(host, 400).list(API.listServiceEnvVars, { id: "srv-1" }));
  expect(error.message).toContain("GET /services/srv-1/env-vars failed: no answer within 0.4 s");
  expect(calls.length).toBeLessThan(12);
});

test("a body that does not end is an error", async () => {
  const { host } = await serve((_request, response) => {
    const megabyte = Buffer.alloc(1_000_000, 32);
    const more = () => void (response.destroyed || response.write(megabyte, () => setImmediate(more)));
    more();
  });
  const error = await failure(client(host, 60_000).call(endpoint("GET"), {}));
  expect(error.message).toBe("GET /x failed: the answer is longer than 20 MB.");
});

test.each(["POST", "PATCH"] as const)(
  "a server that is not there is named by its cause at once, with %s",
  async (method) => {
    const { host } = await serve(answer(200));
    for (const stop of stops.splice(0)) stop();
    // One that is asked again meets the limit of the test.
    const error = await failure(client(host, 86_400_000).call(endpoint(method), {}, { a: 1 }));
    expect(error.message).toContain("no connection (ECONNREFUSED). Check the network, and RENDER_HOST if it is set.");
  },
);

test("a redirect is not followed, so that no other host gets the key", async () => {
  const other = await serve(answer(200));
  const { host, calls } = await serve(answer(302, {}, { location: `${other.host}/x` }));
  const error = await failure(client(host).call(endpoint("GET"), {}));
  expect(error.message).toBe("GET /x failed: 302: Found.");
  expect([calls.length, other.calls.length]).toEqual([1, 0]);
});

test("what Render leaves out, or gives as null, is read as nothing", async () => {
  const { host } = await serve(answer(200, { hasMore: false, nextStartTime: "", nextEndTime: "", logs: null }));
  expect(await readLogs(client(host), "tea-1", "job-1")).toEqual([]);
  for (const cursor of [undefined, null]) {
    const last = await serve(answer(200, [{ cursor, envVar: { key: "A", value: "1" } }]));
    expect(await client(last.host).list(API.listServiceEnvVars, { id: "srv-1" })).toHaveLength(1);
    expect(last.calls).toHaveLength(1);
  }
});

test("a log that never ends is read no further than anybody needs", async () => {
  const page = {
    hasMore: true,
    nextStartTime: "a",
    nextEndTime: "b",
    logs: [{ id: "1", message: "m", timestamp: "" }],
  };
  const { host, calls } = await serve(answer(200, page));
  expect(await readLogs(client(host), "tea-1", "job-1")).toHaveLength(100);
  expect(calls).toHaveLength(100);
});

test("a server that is not there is asked again until the deadline when the call is idempotent", async () => {
  const { host } = await serve(answer(200));
  for (const stop of stops.splice(0)) stop();
  const begin = Date.now();
  const error = await failure(client(host, 1_000).call(endpoint("PUT"), {}, { a: 1 }));
  expect(error.message).toBe(
    "PUT /x failed: no answer within 1 s; the last attempt: no connection (ECONNREFUSED). " +
      "Check the network, and RENDER_HOST if it is set.",
  );
  expect(Date.now() - begin).toBeGreaterThanOrEqual(950);
});

test("a client that is stopped ends its calls at once", async () => {
  const { host } = await serve(() => undefined);
  const stop = new AbortController();
  const stopped = new RenderClient({ apiKey: KEY, host, signal: stop.signal });
  setTimeout(() => stop.abort(), 100);
  expect((await failure(stopped.call(endpoint("GET"), {}))).message).toBe("GET /x failed: it was stopped.");
});

test.each([
  ["<html>", "the answer is not JSON."],
  [{ id: 7 }, "the answer is not what Render's API is known to send (id: "],
])("an answer of another form (%o) is an error, not a guess", async (body, message) => {
  const { host } = await serve(answer(200, body));
  const error = await failure(client(host).call(API.getKeyValue, { id: "red-1" }));
  expect(error.reason).toBe("answer");
  expect(error.message).toContain(message);
});

test.each([
  ["a short page, which is the last", [100, 100, 19], 3],
  // Whoever does not heed the limit sends Render's default.
  ["a short page after pages of the default", [20, 20, 1], 3],
  ["an empty page after full ones", [100, 0], 2],
  ["its only page", [2], 1],
  ["nothing", [0], 1],
])("a list is read to %s", async (_, lengths, asked) => {
  const { host, calls } = await serve(...lengths.map((length, at) => page(length, `${at}-`)));
  const items = await client(host).list(API.listServiceEnvVars, { id: "srv-1" });
  expect(items).toHaveLength(lengths.reduce((sum, length) => sum + length));
  const cursors = lengths.slice(0, asked - 1).map((length, at) => `&cursor=${at}-${length - 1}`);
  expect(calls).toEqual(["", ...cursors].map((cursor) => `GET /v1/services/srv-1/env-vars?limit=100${cursor}`));
});

test("what is asked once is shared, but never a failure, nor another workspace's", async () => {
  const info = { internalConnectionString: "redis://a", externalConnectionString: "", cliCommand: "" };
  const { host, calls } = await serve(answer(400), answer(200, info), answer(200, []));
  const askedOnce = new Map();
  const shared = () => new RenderClient({ apiKey: KEY, host, askedOnce });
  const ask = () => shared().call(API.getConnectionInfo, { id: "red-1" });
  await failure(ask());
  for (let times = 0; times < 2; times += 1) expect(await ask()).toEqual(info);
  const list = (ownerId: string, name: string) => shared().list(API.listKeyValues, {}, { ownerId, name });
  for (const ownerId of ["tea-1", "tea-2"]) for (const name of ["a", "b"]) await list(ownerId, name);
  expect(calls.slice(0, 2)).toEqual(Array(2).fill("GET /v1/key-value/red-1/connection-info"));
  expect(calls.slice(2)).toEqual(["tea-1", "tea-2"].map((id) => `GET /v1/key-value?ownerId=${id}&limit=100`));
});

test("a list whose pages do not end is an error, not a wait", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  stops.push(() => void process.off("warning", warned));
  const { host, calls } = await serve(page(20, "A"));
  const error = await failure(client(host).list(API.listServiceEnvVars, { id: "srv-1" }));
  expect(error.message).toBe(
    "GET /services/srv-1/env-vars failed: the list does not end: there is still a next page after 100.",
  );
  expect(calls).toHaveLength(100);
  // Each page is waited for by the same signal.
  expect(warnings).toEqual([]);
});

test.each([
  [{}, "`RENDER_API_KEY` is not set."],
  [{ RENDER_API_KEY: "" }, "`RENDER_API_KEY` is empty."],
  [
    { RENDER_API_KEY: `rnd_\u200b${KEY}` },
    "`RENDER_API_KEY` holds a character that cannot be part of a key: U+200B, at position 5.",
  ],
  [{ RENDER_API_KEY: `${KEY}\n` }, "a character that cannot be part of a key: U+000A, at position 23."],
  [{ RENDER_API_KEY: `${KEY} ${KEY}` }, "a character that cannot be part of a key: U+0020"],
  [{ RENDER_API_KEY: `${KEY}\u{1f511}` }, "a character that cannot be part of a key: U+1F511"],
  [{ RENDER_API_KEY: KEY, RENDER_HOST: "api.render.com" }, "`RENDER_HOST` must be an address with its version"],
  [
    { RENDER_API_KEY: KEY, RENDER_HOST: "https://a:b@api.render.com/v1" },
    "`RENDER_HOST` must not hold a user name or a password.",
  ],
])("the environment %o is refused, naming the variable and no value", (env, message) => {
  const create = () => RenderClient.fromEnvironment(env);
  expect(create).toThrow(message);
  expect(create).not.toThrow(KEY);
});
