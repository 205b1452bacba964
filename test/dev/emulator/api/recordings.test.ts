import { expect, test } from "vitest";
import { compare } from "../../../../dev/emulator/api/recordings.ts";

const GROUP = {
  id: "evg-1",
  name: "backend",
  ownerId: "tea-1",
  serviceLinks: [],
  envVars: [{ key: "A", value: "s3cret" }],
  secretFiles: [],
  createdAt: "2026-06-17T08:15:30Z",
  updatedAt: "2026-06-17T08:15:30Z",
};

const exchange = (method: string, path: string, status: number, response: unknown, request: unknown = null) =>
  JSON.stringify({ method, path, request, status, response });

test("what is as the table says is no difference, left out or null where Render may do so", () => {
  const { exchanges, unknown, differences } = compare([
    exchange("GET", "/env-groups/evg-1", 200, GROUP),
    exchange("GET", "/env-groups/evg-1", 200, { ...GROUP, serviceLinks: null, envVars: undefined }),
    exchange("PUT", "/env-groups/evg-1/env-vars/A", 200, GROUP, { value: "1" }),
    exchange("DELETE", "/env-groups/evg-1/env-vars/A", 204, null),
    exchange("GET", "/env-groups?name=backend", 200, [{ cursor: "c", envGroup: GROUP }]),
    exchange("POST", "/services/srv-1/deploys", 202, null, {}),
    exchange("GET", "/key-value/red-1", 404, { message: "not found: red-1" }),
  ]);
  expect([exchanges, [...unknown], [...differences]]).toEqual([7, [], []]);
});

test("tells what differs, where and how often, and no value", () => {
  const { differences } = compare([
    exchange("GET", "/env-groups/evg-1", 200, { ...GROUP, envVars: [{ key: "A", value: 7 }] }),
    exchange("GET", "/env-groups/evg-2", 200, { ...GROUP, envVars: [{ key: "B", value: 8 }] }),
    exchange("PUT", "/env-groups/evg-1/env-vars/A", 201, GROUP, { text: "s3cret" }),
    exchange("GET", "/key-value/red-1", 404, "gone"),
  ]);
  expect([...differences]).toEqual([
    ["GET /env-groups/:id: answer.envVars.[].value: Invalid input: expected string, received number", 2],
    ['PUT /env-groups/:id/env-vars/:key: request: must be {"value": "…"} or {"generateValue": true}', 1],
    ["PUT /env-groups/:id/env-vars/:key: status 201", 1],
    ["GET /key-value/:id: refusal: Invalid input: expected object, received string", 1],
  ]);
});

test("tells which calls the table does not have", () => {
  const { unknown } = compare([
    exchange("PATCH", "/disks/dsk-abc1", 200, {}),
    exchange("PATCH", "/disks/dsk-abc2", 200, {}),
    exchange("DELETE", "/key-value", 204, null),
  ]);
  expect([...unknown]).toEqual([
    ["PATCH /disks/dsk-…", 2],
    ["DELETE /key-value", 1],
  ]);
});
