import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Verification } from "../../checks/verification.ts";
import type { VerifyOptions } from "../../checks/verify.ts";
import { RenderClient } from "../../render/api/client.ts";
import { Stop } from "../../runtime/errors.ts";
import { run } from "./in-process.ts";

type Verify = (options: VerifyOptions, verification: Verification) => Promise<void>;
const checks = vi.hoisted(() => ({ verify: vi.fn<Verify>() }));
vi.mock("../../checks/verify.ts", () => checks);
vi.mock("../../runtime/progress.ts", () => ({
  startProgress: async (stream: NodeJS.WriteStream) => ({
    update: (environment: string, text: string) => stream.write(`${environment}: ${text}\n`),
    done: () => {},
    stop: () => stream.write("stopped\n"),
  }),
}));

const KEY = "rnd_0123456789";
const evidence = { expected: "a", actual: `b ${KEY}`, source: "API" };

beforeEach(() => {
  const variables = { RENDER_API_KEY: KEY, RENDER_HOST: "http://127.0.0.1:9/v1", RENDER_OWNER_ID: "" };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.stubEnv("GITHUB_STEP_SUMMARY", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  checks.verify.mockReset();
});

/** Every check but that of the wait passes. */
const pass: Verify = async ({ checks: all, onProgress }, verification) => {
  onProgress("looking");
  verification.available({ status: "pass", evidence });
  for (const check of all) verification.settle(check, { status: "pass", evidence }, 0);
};
const fails: Verify = async (_options, verification) =>
  verification.available({ status: "fail", evidence, remedy: "Mend it." });
const nothing: Verify = async () => {};
const crashes: Verify = async () => {
  throw new TypeError("x");
};

test.each<[what: string, code: number, verify: Verify[], args: string[], stderr?: RegExp]>([
  ["all is well", 0, [pass, pass], [], /^staging: looking\nlocal: looking\nstopped\n$/],
  ["one fails", 1, [pass, fails], []],
  ["one is not established", 3, [nothing, pass], []],
  ["one is not established, which is accepted", 0, [nothing, pass], ["--accept-unknown"]],
  ["it is broken, which is not", 3, [crashes, nothing], ["--accept-unknown"], /The checks crashed \(TypeError\)/],
  ["one fails, and it is broken", 1, [fails, crashes], []],
  ["a report cannot be written", 2, [pass, pass], ["--report", "json=/dev/null/x"], /report could not be written \(E/],
  ["one fails, and a report cannot be written", 1, [fails, pass], ["--report", "json=/dev/null/x"]],
  ["it is stopped", 2, [() => Promise.reject(new Stop("misused", "No.")), pass], ["--accept-unknown"], /No\.\n/],
])("%s", async (_what, code, verify, args, stderr = /stopped\n/) => {
  for (const one of verify) checks.verify.mockImplementationOnce(one);
  const ended = await run("verify", ["staging", "local", "--report", "table", ...args]);
  expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(stderr)]);
  expect(ended.stdout).toMatch(/^staging.*\n[\s\S]*\nlocal[\s\S]*(good|failed|not established): .*\n$/);
  expect(ended.stdout).not.toContain(KEY);
});

test.each([
  ["", undefined],
  ["tea-1", "tea-1"],
])("each environment has its own time, in the workspace %j", async (owner, ownerId) => {
  vi.stubEnv("RENDER_OWNER_ID", owner);
  checks.verify.mockImplementation(pass);
  const connect = vi.spyOn(RenderClient, "fromEnvironment");
  const timer = vi.spyOn(globalThis, "setTimeout");
  expect((await run("verify", ["local", "--deadline", "77"])).code).toBe(0);
  const [options] = checks.verify.mock.lastCall ?? [];
  expect(options).toMatchObject({ ownerId, vantage: "auto", client: connect.mock.results.at(-1)?.value });
  const client = connect.mock.calls.at(-1)?.[1];
  expect(client?.signal).toBe(options?.deadline.signal);
  expect(client?.deadlineMs).toBeGreaterThan(77_000);
  expect(timer.mock.calls.map(([, delay]) => delay)).toContain(77_000);
});

test("an interruption is the reason in each environment", async () => {
  checks.verify.mockImplementation(({ deadline: { signal } }) => {
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
  });
  const ended = await run("verify", ["staging", "local"], (host) => setTimeout(() => host.emit("SIGINT"), 50));
  expect(ended.code).toBe(3);
  const reasons = checks.verify.mock.calls.map(([{ deadline }]) => deadline.reason);
  expect(reasons).toEqual(["interrupted", "interrupted"]);
});

test.each<[args: string[], code: number, stdout: RegExp, stderr: RegExp]>([
  [["--help"], 0, /^Usage: render-redis verify/, /^$/],
  [["locl"], 2, /^$/, /Did you mean "local"/],
])("%j looks at nothing", async (args, code, stdout, stderr) => {
  const ended = await run("verify", args);
  expect(ended).toEqual({ code, stdout: expect.stringMatching(stdout), stderr: expect.stringMatching(stderr) });
  expect(checks.verify).not.toHaveBeenCalled();
});
