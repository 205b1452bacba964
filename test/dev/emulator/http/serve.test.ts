import { Hono } from "hono";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve, strictly } from "../../../../dev/emulator/http/serve.ts";
import { get, mayLack, send } from "../../../../render/api/endpoint.ts";

const group = z.object({ id: z.string(), links: mayLack(z.array(z.object({ id: mayLack(z.string(), "") })), []) });

test.each([
  [{ id: "a", links: [{ id: "b" }], more: 1 }, true],
  [{ id: "a", links: null }, false],
  [{ id: "a" }, false],
  [{ id: "a", links: [{}] }, false],
])("of %o the client reads all, and the emulator may answer it: %s", (answer, allowed) => {
  expect(group.safeParse(answer).success).toBe(true);
  expect(strictly(group).safeParse(answer).success).toBe(allowed);
});

test("an act gets the path's parameters and the body, and the answer goes out as it is", async () => {
  const app = new Hono();
  serve(
    app,
    send("PUT", "/things/:id/parts/:part", z.object({ size: z.number() }), z.unknown(), 201),
    (params, body) => {
      return { params, body };
    },
  );
  const answer = await app.request("/things/a%20b/parts/c", { method: "PUT", body: '{"size":3}' });
  expect([answer.status, await answer.json()]).toEqual([201, { params: { id: "a b", part: "c" }, body: { size: 3 } }]);
});

test("an answer that is not what the table says is a failure of the emulator", async () => {
  const app = new Hono();
  serve(app, get("/group", group), () => ({ id: "a", links: null }));
  expect((await app.onError((error, c) => c.text(error.name, 500)).request("/group")).status).toBe(500);
});
