import { describe, expect, onTestFinished, test } from "vitest";
import { findInstance, NoInstance, waitUntilAvailable } from "../../checks/find-instance.ts";
import { RenderClient } from "../../render/api/client.ts";
import { EXPECTED, INSTANCE, startTestApi } from "./support/render-api.ts";

/** Finds the instance among these. */
async function findAmong(instances: readonly object[]) {
  const { host, calls, stop } = await startTestApi({
    answer(request, response) {
      const entries = instances.map((instance) => ({ cursor: "c", keyValue: { ...INSTANCE, ...instance } }));
      response.end(JSON.stringify(request.url?.includes("cursor") ? [] : entries));
      return true;
    },
  });
  onTestFinished(stop);
  return { found: findInstance(new RenderClient({ apiKey: "k", host }), EXPECTED, "tea-test"), calls };
}

const refusal = async (instances: readonly object[]) => {
  const { found } = await findAmong(instances);
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

  test("is one of two", async () => {
    const { message, remedy, ambiguous } = await refusal([{ id: "red-one" }, { id: "red-two" }]);
    expect(message).toBe('2 instances "test-redis" in oregon: red-one, red-two');
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
