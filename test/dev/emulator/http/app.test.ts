import { once } from "node:events";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { RateLimits } from "../../../../dev/emulator/http/rate-limits.ts";
import { at, TestRender } from "../harness.ts";

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start({ rateLimits: "render" });
});
afterAll(() => render.stop());

describe("what is not a call of this machine's own", () => {
  const send = async (headers: Record<string, string>, path = "/v1/owners", body?: string) => {
    const { host, port } = new URL(render.render.host);
    const method = body === undefined ? "GET" : "POST";
    const sent = request({ host: "127.0.0.1", port, path, method, headers: { host, ...headers } }).end(body);
    const [response] = await once(sent, "response");
    response.resume();
    return response.statusCode;
  };
  const authorized = () => ({ authorization: `Bearer ${render.render.apiKey}` });

  test.each([
    ["another host", { host: "evil.example" }, undefined, 403],
    ["another host that begins alike", { host: "127.0.0.1.evil.example" }, undefined, 403],
    ["a form", { "content-type": "text/plain" }, "{}", 415],
    ["a form with a boundary", { "content-type": "multipart/form-data; boundary=application/json" }, "{}", 415],
    ["its own name", { host: "localhost:1" }, undefined, 200],
  ])("%s", async (_, headers, body, status) => {
    expect(
      await send({ ...authorized(), ...headers }, body === undefined ? "/v1/owners" : "/v1/env-groups", body),
    ).toBe(status);
  });

  test("a body of more than two megabytes is refused", async () => {
    const body = JSON.stringify({ name: "x".repeat(2 * 1024 ** 2) });
    const json = { "content-type": "application/json" };
    expect(await send({ ...authorized(), ...json }, "/v1/env-groups", body)).toBe(413);
    expect(await send({ ...authorized(), ...json }, "/local/faults", body)).toBe(413);
  });

  test("calls without the key do not use up the owner's rate", async () => {
    const remaining = async () => Number((await render.call("GET", "/owners")).headers.get("ratelimit-remaining"));
    const before = await remaining();
    for (let index = 0; index < 20; index += 1) await render.call("GET", "/owners", undefined, "rnd_wrong");
    expect(await remaining()).toBe(before - 1);
  });
});

test("refuses a wrong key with 401 and a message, without showing either key", async () => {
  const answer = await render.call("GET", "/key-value", undefined, "rnd_wrong");
  expect([answer.status, answer.body]).toEqual([401, { message: "Unauthorized" }]);
  const control = await fetch(new URL("/local/faults", render.render.host));
  expect(control.status).toBe(401);
});

test("answers 404 with a message for what is not there", async () => {
  for (const path of [
    "/nothing",
    "/env-groups/evg-x",
    "/services/srv-x",
    "/metrics/hits",
    "/logs/streams/resource/red-x",
  ]) {
    const answer = await render.call("GET", path);
    expect(answer.status, path).toBe(404);
    expect(at(answer.body, "message")).toMatch(/^not found: /);
  }
});

describe("rate limits", () => {
  test("come with every answer", async () => {
    for (const [answer, limit] of [
      [await render.call("GET", "/owners"), "400"],
      [await render.call("POST", "/env-groups", {}), "100"],
      [await render.call("POST", "/services", {}), "20"],
    ] as const) {
      expect(answer.headers.get("ratelimit-limit")).toBe(limit);
      expect(Number(answer.headers.get("ratelimit-remaining"))).toBeLessThan(Number(limit));
      expect(Number(answer.headers.get("ratelimit-reset"))).toBeGreaterThan(0);
      expect(answer.headers.get("render-request-id")).toBeTruthy();
    }
  });

  test("the eleventh deploy of a service within a minute is refused", async () => {
    const path = `/services/${render.render.backendServiceId}/deploys`;
    const statuses: number[] = [];
    for (let index = 0; index < 11; index += 1) statuses.push((await render.call("POST", path, {})).status);
    expect(statuses).toEqual([...Array(10).fill(201), 429]);
    const refused = await render.call("POST", path, {});
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(at(refused.body, "message")).toBe("rate limit exceeded");
  });

  test.each([
    ["GET", "/key-value", 400],
    ["GET", "/logs", 30],
    ["PATCH", "/key-value/red-1", 100],
    ["POST", "/key-value", 20],
    ["POST", "/redis", 20],
    ["PATCH", "/services/srv-1", 10],
    ["POST", "/services/srv-1/scale", 10],
    ["PUT", "/services/srv-1/env-vars", 100],
  ])("%s %s has a limit of %i", (method, path, limit) => {
    expect(new RateLimits(true).count(method, path)).toMatchObject({ limit, remaining: limit - 1, exceeded: false });
  });
});

test("the record of calls has method, path and status, and no query", async () => {
  await render.control.clearRequests();
  await render.call("GET", "/key-value?name=secret");
  await render.call("GET", "/key-value/red-none");
  expect(await render.control.requests()).toMatchObject([
    { method: "GET", path: "/key-value", status: 200 },
    { method: "GET", path: "/key-value/red-none", status: 404 },
  ]);
});

test("projects and environments list what belongs to them, and null for nothing", async () => {
  const listed = await render.call("GET", "/projects");
  const [{ project }] = z
    .tuple([z.object({ project: z.object({ id: z.string(), environmentIds: z.array(z.string()) }) })])
    .parse(listed.body);
  expect((await render.call("GET", `/projects/${project.id}`)).body).toMatchObject({ name: "local" });
  const environments = await render.call("GET", `/environments?projectId=${project.id}&name=production`);
  expect(environments.body).toMatchObject([{ environment: { name: "production" } }]);
  const { environmentIds } = project;
  const path = `/environments/${environmentIds[0]}`;
  expect((await render.call("GET", path)).body).toMatchObject({
    redisIds: null,
    envGroupIds: null,
    databasesIds: null,
  });
  const created = await render.call("POST", "/key-value", render.newInstance({ environmentId: environmentIds[0] }));
  const id = at(created.body, "id");
  expect((await render.call("GET", path)).body).toMatchObject({ redisIds: [id] });
  // As the real provider does: with the resource's own id for the environment's.
  expect((await render.call("DELETE", `/environments/${id}/resources?resourceIds=${id}`)).status).toBe(204);
  expect((await render.call("GET", path)).body).toMatchObject({ redisIds: null });
  const added = await render.call("POST", `${path}/resources`, { resourceIds: [id] });
  expect([added.status, added.body]).toMatchObject([201, { redisIds: [id] }]);
});

test("a log stream override is 404 until it is set, and again when it is removed", async () => {
  const path = `/logs/streams/resource/${render.render.backendServiceId}`;
  expect((await render.call("GET", path)).status).toBe(404);
  const put = await render.call("PUT", path, { setting: "drop" });
  expect(put.body).toEqual({ endpoint: "", resourceId: render.render.backendServiceId, setting: "drop" });
  expect((await render.call("DELETE", path)).status).toBe(204);
  expect((await render.call("GET", path)).status).toBe(404);
});
