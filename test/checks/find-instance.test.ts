import { describe, expect, onTestFinished, test } from "vitest";
import { findInstance, NoInstance, waitUntilAvailable } from "../../checks/find-instance.ts";
import { RenderClient } from "../../render/api/client.ts";
import { EXPECTED, INSTANCE, startTestApi } from "./support/render-api.ts";

/** Finds the instance among these. */
async function findAmong(instances: readonly object[], known?: readonly string[]) {
  const { host, calls, stop } = await startTestApi({
    answer(request, response) {
      const entries = instances.map((instance) => ({ cursor: "c", keyValue: { ...INSTANCE, ...instance } }));
      response.end(JSON.stringify(request.url?.includes("cursor") ? [] : entries));
      return true;
    },
  });
  onTestFinished(stop);
  const client = new RenderClient({ apiKey: "k", host });
  const state = known && new Map([["render_keyvalue.redis", known]]);
  const stack = { directory: "cdktf.out/stacks/test", known: async () => state };
  return { found: findInstance(client, EXPECTED, "tea-test", stack), calls };
}

const refusal = async (instances: readonly object[], known?: readonly string[]) => {
  const { found } = await findAmong(instances, known);
  const error: unknown = await found.catch((reason: unknown) => reason);
  if (!(error instanceof NoInstance)) throw error;
  return error;
};

describe("the instance of an environment", () => {
  test("is the one of its name in its region, in the workspace", async () => {
    const { found, calls } = await findAmong([
      { id: "red-ohio", region: "ohio" },
      {},
      { id: "red-b", name: "test-redis-2" },
    ]);
    expect((await found).id).toBe(INSTANCE.id);
    expect(calls[0]).toContain("name=test-redis&ownerId=tea-test");
  });

  test("is missing", async () => {
    const { message, ambiguous } = await refusal([]);
    expect(message).toBe('no instance "test-redis" in oregon');
    expect(ambiguous).toBe(false);
  });

  test("is elsewhere", async () => {
    expect((await refusal([{ id: "red-ohio", region: "ohio" }])).message).toContain("only red-ohio in ohio");
  });

  const TWO = [{ id: "red-one" }, { id: "red-two" }];

  test("is of two the one that the state knows", async () => {
    expect((await (await findAmong(TWO, ["red-two"])).found).id).toBe("red-two");
  });

  test.each([
    ["the state in cdktf.out/stacks/test cannot be read", undefined],
    ["the state knows none of them", ["red-other"]],
    ["the state knows red-one, red-two", ["red-two", "red-one"]],
  ])("is one of two, and %s", async (known, ids) => {
    const { message, remedy, ambiguous } = await refusal(TWO, ids);
    expect(message).toBe(`2 instances "test-redis" in oregon: red-one, red-two; ${known}`);
    expect(remedy).toContain("--instance");
    expect(ambiguous).toBe(true);
  });
});

test.each([
  ["available", undefined],
  ["maintenance_scheduled", undefined],
  ["suspended", "the instance is suspended"],
  ["recovery_failed", "the instance is recovery_failed"],
])("an instance that is %s is not waited for", async (status, message) => {
  const { host, calls, stop } = await startTestApi({ instance: { status } });
  onTestFinished(stop);
  const client = new RenderClient({ apiKey: "k", host });
  const waiting = waitUntilAvailable(client, INSTANCE.id, new AbortController().signal, () => {});
  if (message === undefined) expect((await waiting)?.status).toBe(status);
  else await expect(waiting).rejects.toThrow(message);
  expect(calls).toHaveLength(1);
});
