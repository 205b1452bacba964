import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { type RedisServer, startRedis, USER } from "../checks/support/redis-server.ts";
import { startTestApi, type TestApi } from "../checks/support/render-api.ts";
import { run } from "./in-process.ts";

const KEY = "rnd_0123456789";
const PASSWORD = "password-of-the-test";
const ROUTING = "routing0key0of0the0test";

let directory: string;
let redis: RedisServer;
let api: TestApi;
/** What the receivers were sent, and what they answer, one after another. */
let sent: { readonly path: string; readonly body: Readonly<Record<string, unknown>> }[] = [];
let answers: number[] = [];
const receiver = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk) => {
    text += chunk;
  });
  request.on("end", () => {
    const status = answers.shift() ?? 202;
    if (status < 300) sent.push({ path: request.url ?? "", body: JSON.parse(text) });
    response.writeHead(status).end();
  });
});

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "watch-cli-"));
  process.chdir(directory);
  redis = await startRedis({ password: PASSWORD });
  const url = `redis://${USER}:${PASSWORD}@127.0.0.1:${redis.port}`;
  api = await startTestApi({ url, instance: { name: "koinoniasms-redis-staging", plan: "starter" } });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  process.chdir(import.meta.dirname);
  receiver.close();
  await api.stop();
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  sent = [];
  answers = [];
  rmSync(join(directory, ".evidence"), { recursive: true, force: true });
  const { port } = receiver.address() as AddressInfo;
  const at = (path: string) => `http://127.0.0.1:${port}/${path}`;
  const variables = {
    ...{ RENDER_API_KEY: KEY, RENDER_HOST: api.host, RENDER_OWNER_ID: "", TF_VAR_emulator: "" },
    ...{ WATCH_WEBHOOK_URL: at("hook-secret"), WATCH_SLACK_URL: at("slack-secret") },
    ...{ WATCH_PAGERDUTY_KEY: ROUTING, WATCH_PAGERDUTY_URL: at("pagerduty") },
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
});

const lines = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

test("a single look: an alarm is told to each receiver in its form, and ends with 1; again it is not told", async () => {
  answers = [503, 429];
  const { code, stdout, stderr } = await run("watch", ["staging", "--once"]);
  expect([code, stderr]).toEqual([1, expect.any(String)]);
  const sample = lines(stdout).find(({ event }) => event === "sample");
  expect(sample).toMatchObject({
    ...{ schemaVersion: 1, environment: "staging", up: true, instance: { id: USER } },
    ...{ usedBytes: expect.any(Number), maxBytes: 268_435_456, connections: expect.any(Number), queues: [] },
    ...{
      failing: expect.arrayContaining(["tls"]),
      alarms: expect.arrayContaining([{ check: "tls", since: expect.any(String) }]),
    },
  });
  const of = (path: string) => sent.filter((one) => one.path === `/${path}`).map(({ body }) => body);
  const hooks = of("hook-secret");
  expect(hooks.length).toBe(sample.alarms.length);
  expect(hooks).toContainEqual(
    expect.objectContaining({
      schemaVersion: 1,
      event: "begin",
      environment: "staging",
      check: "tls",
      title: "Encrypted",
    }),
  );
  expect(of("slack-secret")[0]?.text).toMatch(/^:red_circle: staging koinoniasms-redis-staging: .* failed: /);
  expect(of("pagerduty")).toContainEqual(
    expect.objectContaining({
      ...{
        routing_key: ROUTING,
        event_action: "trigger",
        dedup_key: "render-redis:staging:koinoniasms-redis-staging:tls",
      },
      payload: expect.objectContaining({ severity: "critical", source: USER, group: "staging", class: "tls" }),
    }),
  );
  for (const secret of [KEY, PASSWORD, ROUTING, "hook-secret", "slack-secret"])
    expect(stdout + stderr).not.toContain(secret);
  sent = [];
  expect((await run("watch", ["staging", "--once"])).code).toBe(1);
  expect(sent).toEqual([]);
});

test("until it is stopped: lines of JSON, and it ends well", async () => {
  const { code, stdout } = await run("watch", ["staging", "--every", "1"], (host) => {
    setTimeout(() => host.emit("SIGTERM"), 2_500);
  });
  expect(code).toBe(0);
  expect(lines(stdout).filter(({ event }) => event === "sample").length).toBeGreaterThanOrEqual(2);
});

test("metrics: printed once, and served", async () => {
  const printed = await run("metrics", ["staging"]);
  expect(printed.code).toBe(0);
  expect(printed.stdout).toMatch(/^redis_up\{environment="staging",instance="koinoniasms-redis-staging"\} 1$/m);
  const served = await run("metrics", ["staging", "--listen", "0", "--every", "1"], (host) => {
    void vi
      .waitFor(async () => {
        const [, port] = /127\.0\.0\.1:(\d+)\/metrics/.exec(lastError()) ?? [];
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
        expect(answer.headers.get("content-type")).toContain("version=0.0.4");
        expect(await answer.text()).toContain("redis_memory_used_bytes{");
        expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
        expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: "POST" })).status).toBe(405);
      })
      .then(
        () => host.emit("SIGTERM"),
        () => host.emit("SIGKILL"),
      );
  });
  expect(served.code).toBe(0);
});
const lastError = () => vi.mocked(console.error).mock.calls.flat().join("\n");

test.each<[what: string, program: string, args: string[], env: Record<string, string>, code: number, said: RegExp]>([
  [
    "a wrong address to tell",
    "watch",
    ["staging", "--once"],
    { WATCH_SLACK_URL: "not-an-address-0" },
    2,
    /^`WATCH_SLACK_URL` must be an address/,
  ],
  ["an unknown environment", "watch", ["stagin"], {}, 2, /Did you mean "staging"/],
  ["no environment", "watch", [], {}, 2, /missing required argument/],
  ["a port that is none", "metrics", ["staging", "--listen", "99999"], {}, 2, /must be a port/],
  [
    "an API that is not there",
    "watch",
    ["staging", "--once", "--deadline", "3"],
    { RENDER_HOST: "http://127.0.0.1:9/v1" },
    3,
    /^/,
  ],
  [
    "metrics of what nobody sees",
    "metrics",
    ["staging", "--deadline", "3"],
    { RENDER_HOST: "http://127.0.0.1:9/v1" },
    3,
    /^/,
  ],
])("%s", async (_, program, args, env, code, said) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const ended = await run(program, args);
  expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(said)]);
  for (const value of Object.values(env)) if (value.startsWith("not")) expect(ended.stderr).not.toContain(value);
});

test("a port that is in use is one line", async () => {
  const { port } = receiver.address() as AddressInfo;
  const { code, stderr } = await run("metrics", ["staging", "--listen", String(port)]);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^Port \d+ of 127\.0\.0\.1 cannot be had \(EADDRINUSE\)\. Choose another.*\n$/),
  ]);
});
