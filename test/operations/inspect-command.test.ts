import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { evidencePath } from "../../operations/evidence.ts";
import { runChild } from "../../runtime/child-process.ts";
import { type RedisServer, startRedis, USER } from "../checks/support/redis-server.ts";
import { startTestApi, type TestApi } from "../checks/support/render-api.ts";
import { PROGRAM } from "../program.ts";

const PASSWORD = "not-for-any-output";
let server: RedisServer;
let api: TestApi;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "inspect-"));
  server = await startRedis({ password: PASSWORD, acl: "~* &* +@all -@admin" });
  const url = `redis://${USER}:${PASSWORD}@127.0.0.1:${server.port}`;
  api = await startTestApi({ url, instance: { name: "koinoniasms-redis-local" } });
});
afterAll(async () => {
  await Promise.all([server.stop(), api.stop()]);
  rmSync(directory, { recursive: true });
});

/** Runs the command as people do. */
function run(...args: string[]) {
  const { PATH, HOME } = process.env;
  const render = {
    RENDER_HOST: api.host,
    RENDER_API_KEY: "rnd_key",
    RENDER_OWNER_ID: "tea-1",
    TF_VAR_emulator: "true",
  };
  return runChild(process.execPath, [PROGRAM, "inspect", ...args], { env: { PATH, HOME, NO_COLOR: "1", ...render } });
}

test("the command says what fills the memory, and the next time what has grown", async () => {
  const path = evidencePath({ environment: "local", operation: "inspect", instanceId: USER });
  rmSync(path, { force: true });
  const svg = join(directory, "memory.svg");
  try {
    await server.admin([
      "EVAL",
      'for i = 1, 5000 do redis.call("SET", "session:" .. i, string.rep("x", 500)) end',
      "0",
    ]);
    const first = await run("local", "--all", "--report", "table", "--report", `svg=${svg}`);
    expect({ code: first.code, stderr: first.stderr }).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^ {2}session:\* +5,000 +[\d.]+ MB {2}█{30}$/m);
    expect(readFileSync(svg, "utf8")).toContain("session:*");
    await server.admin(["EVAL", 'for i = 1, 5000 do redis.call("SET", "cart:" .. i, string.rep("x", 500)) end', "0"]);
    const second = await run("local", "redis", "--share", "100");
    expect(second.stdout).toMatch(/since \S+ \S+: \+[\d.]+ MB cart:\*/);
    for (const { stdout, stderr } of [first, second]) expect(stdout + stderr).not.toContain(PASSWORD);
  } finally {
    rmSync(path, { force: true });
  }
});

test.each([
  [["local", "cache"], 2, /must be one of redis, got: "cache"/],
  [["nowhere"], 2, /must be one of production/],
  [["local", "--share", "0"], 2, /must be a percentage/],
  [["local", "--report", "tabel"], 2, /Did you mean "table"/],
  [["--help"], 0, /Usage: render-redis inspect/],
])("%j ends with %i", async (args, code, said) => {
  const ended = await run(...args);
  expect([ended.code, ended.stdout + ended.stderr]).toEqual([code, expect.stringMatching(said)]);
});
