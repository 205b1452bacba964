import { afterEach, expect, test, vi } from "vitest";
import { allChecks } from "../../checks/catalogue/all-checks.ts";
import type { Verification } from "../../checks/verification.ts";
import type { VerifyOptions } from "../../checks/verify.ts";
import type { EnvironmentInput } from "../../environments/define.ts";
import { API } from "../../render/api/endpoints.ts";
import { startTestApi } from "../checks/support/render-api.ts";
import { run } from "./in-process.ts";

type Verify = (options: VerifyOptions, verification: Verification) => Promise<void>;
const mocked = vi.hoisted(() => ({ verify: vi.fn<Verify>(), known: [] as EnvironmentInput[] }));
vi.mock("../../checks/verify.ts", () => ({ verify: mocked.verify }));
vi.mock("../../environments/load.ts", async (original) => {
  const { loadEnvironments, ...rest } = await original<typeof import("../../environments/load.ts")>();
  return { ...rest, loadEnvironments: () => loadEnvironments(async () => mocked.known) };
});
afterEach(() => void vi.unstubAllEnvs());

const REGION = { region: "oregon", plan: "starter" } as const;
const serviceId = (number: number) => `srv-${String(number).padStart(20, "0")}`;

/** An environment of two instances and three services. */
function environment(number: number): EnvironmentInput {
  const name = `e${number}`;
  const service = (key: string, index: number) => ({
    ...{ name: `${name}-${key}`, id: serviceId(number * 3 + index), uses: { REDIS_URL: "queue", CACHE: "cache" } },
  });
  return {
    name,
    redis: { queue: { name: `${name}-q`, ...REGION }, cache: { name: `${name}-c`, role: "cache", ...REGION } },
    services: { web: service("web", 0), worker: service("worker", 1), nightly: service("nightly", 2) },
    state: { type: "local", path: `.state/${name}.tfstate` },
  };
}

test("forty environments are verified a few parts at a time, and the workspace's instances are listed once", async () => {
  const { host, calls, stop } = await startTestApi({});
  mocked.known = Array.from({ length: 40 }, (_, number) => environment(number));
  let [now, most] = [0, 0];
  mocked.verify.mockImplementation(async ({ client }, verification) => {
    now += 1;
    most = Math.max(most, now);
    await client.list(API.listKeyValues, {}, { name: "x", ownerId: "tea-test" });
    now -= 1;
    const evidence = { expected: "a", actual: "a", source: "API" };
    verification.available({ status: "pass", evidence });
    for (const check of allChecks) verification.settle(check, { status: "pass", evidence }, 0);
  });
  const variables = { RENDER_API_KEY: "rnd_0123456789", RENDER_HOST: host, GITHUB_STEP_SUMMARY: "" };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const ended = await run(
    "verify",
    mocked.known.map(({ name }) => name),
  );
  await stop();
  expect(ended.code, ended.stderr).toBe(0);
  expect(mocked.verify).toHaveBeenCalledTimes(40 * 5);
  expect(most).toBe(8);
  expect(calls.length).toBeLessThanOrEqual(2);
  expect(ended.stdout).toContain("e39 nightly e39-nightly (srv-");
});
