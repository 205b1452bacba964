import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { RateLimits } from "../../../../dev/emulator/http/rate-limits.ts";
import { at, TestRender } from "../harness.ts";

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start({ rateLimits: "render" });
});
afterAll(() => render.stop());

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
