import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { jsonReportSchema } from "../../checks/report.ts";
import { INSTANCE, startTestApi, type TestApiOptions } from "../checks/support/render-api.ts";
import { PROGRAM } from "../program.ts";

/** The checks as a person runs them. */
async function run(args: readonly string[], options: TestApiOptions = {}, env: Readonly<Record<string, string>> = {}) {
  const { host, stop } = await startTestApi(options);
  onTestFinished(stop);
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const settings = { env: { PATH: process.env.PATH, RENDER_HOST: host, RENDER_API_KEY: "rnd_key", ...env } };
    execFile(process.execPath, [PROGRAM, "verify", ...args], settings, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

function reportFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "checks-report-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, "deep/report.json");
}

test("several environments run side by side and give one verdict", async () => {
  const file = reportFile();
  const { code, stdout } = await run(
    ["production", "staging", "local", "--report", "table", "--report", `json=${file}`],
    {
      latencyMs: 400,
    },
  );
  const report = jsonReportSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  expect(report.environments.map(({ environment }) => environment)).toEqual(["production", "staging", "local"]);
  const starts = report.environments.map(({ startedAt }) => Date.parse(startedAt));
  const ends = report.environments.map(({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs);
  expect(Math.max(...starts)).toBeLessThan(Math.min(...ends));
  expect(stdout).toMatch(/no instance "koinoniasms-redis" in oregon.*npx cdktf deploy production/s);
  expect(stdout).toMatch(/failed: 3 failed/);
  expect(code).toBe(1);
});

test("two instances of one name: it asks which", async () => {
  const named = { ...INSTANCE, name: "koinoniasms-redis-local" };
  const entries = ["red-one", "red-two"].map((id) => ({ cursor: id, keyValue: { ...named, id } }));
  const { code, stdout } = await run(["local"], {
    answer: (request, response) => {
      if (request.url?.includes("cursor")) return false;
      response.end(JSON.stringify(entries));
      return true;
    },
  });
  expect(stdout).toMatch(/2 instances "koinoniasms-redis-local" in oregon: red-one, red-two.*--instance <id>/s);
  expect(code).toBe(2);
});

test.each([
  ["no key", ["local"], { RENDER_API_KEY: "" }, /`RENDER_API_KEY` is empty/],
  ["a host that is none", ["local"], { RENDER_HOST: "nowhere" }, /`RENDER_HOST` must be an address/],
])("%s: exit 2, and what to do", async (_, args, env, message) => {
  const { code, stdout, stderr } = await run(args, {}, env);
  expect(stderr).toMatch(message);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("a reader that does not read holds the process no longer than a second beyond its deadline", async () => {
  const { host, stop } = await startTestApi({});
  onTestFinished(stop);
  // More than a pipe takes.
  const reports = Array.from({ length: 60 }, () => ["--report", "json"]).flat();
  const settings = { PATH: process.env.PATH, RENDER_HOST: host, RENDER_API_KEY: "rnd_key", FILE: PROGRAM };
  const script = `{ "$0" "$FILE" verify staging --deadline 2 "$@"; echo "exit $?" >&2; } | sleep 86400 & wait $(jobs -p)`;
  const shell = spawn("bash", ["-c", script, process.execPath, ...reports], { env: settings, detached: true });
  onTestFinished(() => void process.kill(-(shell.pid ?? 0), "SIGKILL"));
  let stderr = "";
  await new Promise<void>((resolve) => {
    shell.stderr.on("data", (chunk) => {
      stderr += chunk;
      if (/exit \d+\n/.test(stderr)) resolve();
    });
  });
  expect(stderr).toMatch(/A report could not be written \(EAGAIN\)/);
  expect(stderr).toContain("exit 1\n");
});
