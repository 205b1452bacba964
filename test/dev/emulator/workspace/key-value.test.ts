import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { at, TestRender } from "../harness.ts";

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start();
});
afterAll(() => render.stop());

const list = z.array(z.looseObject({ cursor: z.string(), keyValue: z.looseObject({ id: z.string() }) }));

describe("creating", () => {
  test("answers at once with status unknown, then creating, then available", async () => {
    const created = await render.call("POST", "/key-value", render.newInstance());
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      id: expect.stringMatching(/^red-[0-9a-v]{20}$/),
      status: "unknown",
      ipAllowList: null,
      plan: "starter",
      region: "oregon",
      options: { maxmemoryPolicy: "noeviction", persistenceMode: "journal_snapshot" },
      owner: { id: render.render.ownerId, type: "team" },
    });
    const id = at(created.body, "id");
    expect(at((await render.call("GET", `/key-value/${id}`)).body, "status")).toBe("creating");
    await render.untilStatus(id, "available");
  });

  test.each([
    ["an alias of a plan", { plan: "1g" }, { plan: "standard" }],
    ["no policy", { maxmemoryPolicy: undefined }, { options: { maxmemoryPolicy: "allkeys_lru" } }],
    ["no region", { region: undefined }, { region: "oregon" }],
    [
      "an allow list",
      { ipAllowList: [{ cidrBlock: "10.0.0.0/8", description: "office" }] },
      { ipAllowList: [{ cidrBlock: "10.0.0.0/8", description: "office" }] },
    ],
    ["persistence off", { persistenceMode: "off" }, { options: { persistenceMode: "off" } }],
  ])("takes %s", async (_, settings, shown) => {
    const { status, body } = await render.call("POST", "/key-value", render.newInstance(settings));
    expect(status).toBe(201);
    expect(body).toMatchObject(shown);
    await render.call("DELETE", `/key-value/${at(body, "id")}`);
  });

  test.each([
    [
      "an unknown plan",
      { plan: "standrad" },
      '`plan` must be one of free, starter, standard, 3g, pro, pro_plus, 20g, 40g, 50g, Custom…, got: "standrad". Did you mean "standard"?',
    ],
    ["no plan", { plan: undefined }, "`plan` must be the name of a plan"],
    ["a policy with a hyphen", { maxmemoryPolicy: "allkeys-lru" }, "`maxmemoryPolicy` must be one of"],
    ["an unknown region", { region: "paris" }, "`region` must be one of"],
    ["no name", { name: "" }, "`name` must not be empty"],
    ["another workspace", { ownerId: "tea-other" }, "`ownerId` must be"],
    [
      "a bad block",
      { ipAllowList: [{ cidrBlock: "everyone", description: "" }] },
      "`ipAllowList.0.cidrBlock` must be a block",
    ],
    [
      "persistence on free",
      { plan: "free", persistenceMode: "snapshot" },
      "`persistenceMode` must be off on plan free",
    ],
  ])("refuses %s", async (_, settings, message) => {
    const { status, body } = await render.call("POST", "/key-value", render.newInstance(settings));
    expect(status).toBe(400);
    expect(at(body, "message")).toContain(message);
  });

  test("refuses a body that is not JSON, and an environment that is not there", async () => {
    const response = await fetch(`${render.render.host}/key-value`, {
      method: "POST",
      headers: { authorization: `Bearer ${render.render.apiKey}`, "content-type": "application/json" },
      body: "{",
    });
    expect([response.status, await response.json()]).toEqual([400, { message: "the body is not JSON" }]);
    const settings = render.newInstance({ environmentId: "evm-none" });
    expect((await render.call("POST", "/key-value", settings)).status).toBe(404);
  });

  test("refuses a second free instance in a workspace", async () => {
    const first = await render.call("POST", "/key-value", render.newInstance({ plan: "free" }));
    expect(at(first.body, "options.persistenceMode")).toBe("off");
    const second = await render.call("POST", "/key-value", render.newInstance({ plan: "free" }));
    expect(second.status).toBe(400);
    expect(at(second.body, "message")).toContain("more than one free");
    await render.call("DELETE", `/key-value/${at(first.body, "id")}`);
  });
});

describe("an existing instance", () => {
  test("has its URLs at once, the external one even with an empty allow list", async () => {
    const id = at((await render.call("POST", "/key-value", render.newInstance())).body, "id");
    const { internal, external } = await render.urls(id);
    expect(internal).toBe(`redis://${id}:6379`);
    expect(external).toMatch(new RegExp(`^rediss://${id}:[A-Za-z0-9]{32}@localhost:\\d+$`));
    const legacy = await render.call("GET", `/redis/${id}/connection-info`);
    expect(at(legacy.body, "redisCLICommand")).toMatch(/^ REDISCLI_AUTH=/);
    expect(legacy.headers.get("ratelimit-limit")).toBe("400");
    const listed = await render.call("GET", `/redis?id=${id}`);
    expect(listed.body).toMatchObject([{ redis: { id } }]);
    expect((await render.call("DELETE", `/redis/${id}`)).status).toBe(204);
  });

  test("refuses a downgrade and stays as it was", async () => {
    const id = await render.instance({ plan: "standard" });
    const refused = await render.call("PATCH", `/key-value/${id}`, { plan: "starter", name: "other" });
    expect(refused.status).toBe(400);
    expect(at(refused.body, "message")).toContain("cannot downgrade");
    expect((await render.call("GET", `/key-value/${id}`)).body).toMatchObject({ plan: "standard", name: "queue" });
  });

  test("is gone after DELETE: 204, then 404 everywhere", async () => {
    const id = await render.instance();
    expect((await render.call("DELETE", `/key-value/${id}`)).status).toBe(204);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["PATCH", ""],
      ["GET", "/connection-info"],
    ] as const) {
      const answer = await render.call(method, `/key-value/${id}${path}`, method === "PATCH" ? {} : undefined);
      expect([answer.status, answer.body]).toEqual([404, { message: `not found: ${id}` }]);
    }
  });

  test("can be suspended and resumed", async () => {
    const id = await render.instance();
    expect((await render.call("POST", `/key-value/${id}/suspend`)).status).toBe(202);
    await render.untilStatus(id, "suspended");
    expect((await render.call("PATCH", `/key-value/${id}`, { plan: "pro" })).status).toBe(409);
    expect((await render.call("POST", `/key-value/${id}/resume`)).status).toBe(202);
    await render.untilStatus(id, "available");
  });
});

test("lists newest first, filtered, page by page until an empty page", async () => {
  const names = ["a", "b", "c"].map((name) => `paged-${name}`);
  for (const name of names) await render.call("POST", "/key-value", render.newInstance({ name }));
  const query = `limit=2&${names.map((name) => `name=${name}`).join("&")}`;
  const first = list.parse((await render.call("GET", `/key-value?${query}`)).body);
  expect(first.map((entry) => entry.keyValue.name)).toEqual(["paged-c", "paged-b"]);
  const second = list.parse((await render.call("GET", `/key-value?${query}&cursor=${first.at(-1)?.cursor}`)).body);
  expect(second.map((entry) => entry.keyValue.name)).toEqual(["paged-a"]);
  expect((await render.call("GET", `/key-value?${query}&cursor=${second.at(-1)?.cursor}`)).body).toEqual([]);
  expect((await render.call("GET", "/key-value?limit=101")).status).toBe(400);
});
