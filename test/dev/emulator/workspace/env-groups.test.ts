import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { at, TestRender } from "../harness.ts";

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start();
});
afterAll(() => render.stop());

const create = async (settings: Record<string, unknown> = {}) => {
  const { ownerId } = render.render;
  return render.call("POST", "/env-groups", { name: "group", ownerId, envVars: [], secretFiles: [], ...settings });
};
const variables = z.looseObject({ envVars: z.array(z.object({ key: z.string(), value: z.string() })) });

test("keeps variables and files, newest first, and makes up a value when asked", async () => {
  const created = await create({
    envVars: [
      { key: "A", value: "1" },
      { key: "B", generateValue: true },
    ],
    secretFiles: [{ name: "f", content: "x" }],
  });
  expect(created.status).toBe(201);
  const { envVars } = variables.parse(created.body);
  expect(envVars.map((variable) => variable.key)).toEqual(["B", "A"]);
  expect(envVars[0]?.value).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  const path = `/env-groups/${at(created.body, "id")}`;
  const put = await render.call("PUT", `${path}/env-vars/C`, { value: "3" });
  expect(variables.parse(put.body).envVars.map((variable) => variable.key)).toEqual(["C", "B", "A"]);
  expect((await render.call("DELETE", `${path}/env-vars/B`)).status).toBe(204);
  expect((await render.call("DELETE", `${path}/env-vars/B`)).status).toBe(404);
  expect((await render.call("GET", `${path}/env-vars/A`)).body).toEqual({ key: "A", value: "1" });
  expect((await render.call("PUT", `${path}/secret-files/g`, { content: "y" })).status).toBe(200);
  expect((await render.call("DELETE", `${path}/secret-files/f`)).status).toBe(204);
  const renamed = await render.call("PATCH", path, { name: "other" });
  expect(renamed.body).toMatchObject({ name: "other", secretFiles: [{ name: "g", content: "y" }] });
  expect((await render.call("DELETE", path)).status).toBe(204);
  expect((await render.call("GET", path)).status).toBe(404);
});

test("`updatedAt` moves with the name only: not with variables, files or links, as recorded", async () => {
  const created = await create({ envVars: [{ key: "A", value: "1" }], secretFiles: [{ name: "f", content: "x" }] });
  const path = `/env-groups/${at(created.body, "id")}`;
  const link = `${path}/services/${render.render.backendServiceId}`;
  await new Promise((resolve) => setTimeout(resolve, 2));
  for (const [method, changed, body] of [
    ["PUT", `${path}/env-vars/A`, { value: "2" }],
    ["PUT", `${path}/env-vars/B`, { value: "3" }],
    ["DELETE", `${path}/env-vars/A`],
    ["PUT", `${path}/secret-files/g`, { content: "y" }],
    ["DELETE", `${path}/secret-files/f`],
    ["POST", link],
    ["DELETE", link],
  ] as const) {
    expect((await render.call(method, changed, body)).status).toBeLessThan(300);
  }
  const before = await render.call("GET", path);
  expect(at(before.body, "updatedAt")).toBe(at(created.body, "updatedAt"));
  const renamed = await render.call("PATCH", path, { name: "renamed" });
  expect(at(renamed.body, "updatedAt") > at(created.body, "updatedAt")).toBe(true);
});

test("the list shows groups without their contents", async () => {
  await create({ name: "listed", envVars: [{ key: "A", value: "1" }] });
  const { body } = await render.call("GET", "/env-groups?name=listed");
  const [entry] = z.array(z.object({ cursor: z.string(), envGroup: z.looseObject({ name: z.string() }) })).parse(body);
  expect(entry?.envGroup).toMatchObject({ name: "listed", serviceLinks: [] });
  expect(entry?.envGroup).not.toHaveProperty("envVars");
});

test("linking shows the service and deploys nothing", async () => {
  const { backendServiceId } = render.render;
  const path = `/env-groups/${at((await create()).body, "id")}/services/${backendServiceId}`;
  const before = await render.call("GET", `/services/${backendServiceId}/deploys`);
  const linked = await render.call("POST", path);
  expect(linked.status).toBe(200);
  const link = { id: backendServiceId, name: "connect-yw-backend", type: "web" };
  expect(linked.body).toMatchObject({ serviceLinks: [link] });
  expect((await render.call("POST", path)).body).toMatchObject({ serviceLinks: [link] });
  expect((await render.call("GET", `/services/${backendServiceId}/deploys`)).body).toEqual(before.body);
  expect((await render.call("DELETE", path)).status).toBe(204);
  expect((await render.call("DELETE", path)).status).toBe(404);
});

test.each([
  ["a name that is no name", { envVars: [{ key: "1 A", value: "x" }] }, "`envVars.0.key`"],
  ["a variable without value", { envVars: [{ key: "A" }] }, "generateValue"],
  ["no name", { name: "" }, "`name` must not be empty"],
])("refuses %s", async (_, settings, message) => {
  const { status, body } = await create(settings);
  expect(status).toBe(400);
  expect(at(body, "message")).toContain(message);
});
