import { expect, onTestFinished, test } from "vitest";
import { singleGroup, singleInstance } from "../../../checks/catalogue/names.ts";
import { type NamesSeen, observeGroupNames, observeInstanceNames } from "../../../checks/observation/names.ts";
import { RenderClient } from "../../../render/api/client.ts";
import { keyValue } from "../../../render/api/endpoints.ts";
import type { ExpectedService } from "../../../render/service.ts";
import type { KnownIds } from "../../../render/terraform-state.ts";
import { found, situation } from "../support/judge.ts";
import { INSTANCE, startTestApi } from "../support/render-api.ts";

const OURS = INSTANCE.id;
const STRANGER = "red-d00000000000000000zz";
const SERVICE: ExpectedService = {
  serviceId: "srv-1",
  groupName: "queues-env",
  name: "api",
  env: {},
  uses: { REDIS_URL: { redis: "redis", as: "url" } },
  drain: {},
  rollOutSeconds: 60,
};
const link = (id: string) => ({ id, name: `service ${id}`, type: "web" });
const TIMES = { createdAt: "2026-11-01T00:00:00Z", updatedAt: "2026-11-01T00:00:00Z" };
const group = (id: string, ...services: string[]) => {
  return { id, name: "queues-env", ownerId: "tea-test", serviceLinks: services.map(link), envVars: [], ...TIMES };
};

/** What the checks say where Render has these things, and the state these ids. */
async function judged(has: { instances?: object[]; groups?: object[]; status?: number }, ids: string[] | undefined) {
  const { instances = [{}], groups = [] } = has;
  const lists: Record<string, unknown[]> = {
    "key-value": instances.map((each) => ({ cursor: "c", keyValue: { ...INSTANCE, ...each } })),
    "env-groups": groups.map((envGroup) => ({ cursor: "c", envGroup })),
    services: [{ cursor: "c", service: { id: "srv-2", name: "mail" } }],
    "env-vars": [{ cursor: "c", envVar: { key: "REDIS_URL", value: `redis://${STRANGER}:6379` } }],
  };
  const { host, stop } = await startTestApi({
    answer(request, response) {
      const path = new URL(request.url ?? "", "http://x");
      if (has.status !== undefined) response.statusCode = has.status;
      const name = path.pathname.split("/").at(-1) ?? "";
      const items = name === "env-vars" && has.groups !== undefined ? [] : (lists[name] ?? []);
      response.end(JSON.stringify(path.searchParams.has("cursor") ? [] : items));
      return true;
    },
  });
  onTestFinished(stop);
  const client = new RenderClient({ apiKey: "k", host });
  const state: KnownIds | undefined = ids && new Map([["render_keyvalue.redis", ids]]);
  let reads = 0;
  const known = async () => {
    reads += 1;
    return state;
  };
  const stack = { directory: "cdktf.out/stacks/test", known };
  const instance = keyValue.parse(INSTANCE);
  const names: { instance: NamesSeen; group: NamesSeen } = {
    instance: await observeInstanceNames(client, instance, undefined, stack),
    group: await observeGroupNames(client, instance, SERVICE, stack),
  };
  const context = { ...situation(), names };
  return { reads, instance: found(singleInstance, context), group: found(singleGroup, context) };
}

test("where only ours has the name the state is not even read", async () => {
  const { reads, instance } = await judged({}, undefined);
  expect(reads).toBe(0);
  expect(instance).toMatchObject({ status: "pass", evidence: { actual: OURS, source: "API" } });
});

test("a deposed instance is ours, and so is a new one that a remote state does not have yet", async () => {
  const { instance } = await judged({ instances: [{}, { id: "red-older" }] }, ["red-older"]);
  expect(instance).toMatchObject({ status: "pass", evidence: { actual: `${OURS}, red-older`, source: "API, state" } });
});

test("of another name, region or workspace it is nothing to us", async () => {
  const instances = [{}, { id: "red-a", name: "other" }, { id: "red-b", region: "ohio" }];
  expect((await judged({ instances }, [])).instance.status).toBe("pass");
  const elsewhere = [group("evg-ours", "srv-1"), { ...group("evg-theirs"), ownerId: "tea-theirs" }];
  expect((await judged({ groups: elsewhere }, [])).group).toMatchObject({
    status: "pass",
    evidence: { actual: "evg-ours" },
  });
});

test("one that the state does not know fails, with both ids and both ways out", async () => {
  const { instance } = await judged({ instances: [{}, { id: STRANGER }] }, [OURS]);
  expect(instance).toMatchObject({ status: "fail" });
  const text = JSON.stringify(instance);
  for (const part of [
    `beside ${OURS} there is another instance`,
    `${STRANGER} is used by the service \\"mail\\" (srv-2), by its own REDIS_URL: do not delete it`,
    `state rm render_keyvalue.redis && terraform -chdir=cdktf.out/stacks/test import render_keyvalue.redis ${STRANGER}`,
  ]) {
    expect(text).toContain(part);
  }
});

test("whether it is ours is unknown where the state cannot be read, or Render does not answer", async () => {
  const unread = await judged({ instances: [{}, { id: STRANGER }] }, undefined);
  expect(unread.instance).toMatchObject({ status: "unknown", reason: expect.stringContaining(`${OURS}, ${STRANGER}`) });
  expect((await judged({ status: 403 }, [])).instance).toMatchObject({ status: "unknown" });
});

test.each<[string, object[], string[] | undefined, string, string]>([
  ["ours alone", [group("evg-ours", "srv-1")], undefined, "pass", "evg-ours"],
  ["none", [], undefined, "pass", "none"],
  ["one that is linked to nothing", [group("evg-ours", "srv-1"), group("evg-lost")], ["evg-ours"], "fail", "evg-lost"],
  ["two, and an unread state", [group("evg-ours", "srv-1"), group("evg-lost")], undefined, "unknown", "evg-lost"],
  ["two that are linked", [group("evg-ours", "srv-1"), group("evg-b", "srv-1")], ["evg-ours"], "fail", "do not delete"],
])("of groups: %s", async (_what, groups, ids, status, text) => {
  const { group: result } = await judged({ groups }, ids);
  expect(result.status).toBe(status);
  expect(JSON.stringify(result)).toContain(text);
});
