import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startEmulator } from "../../../../dev/emulator/emulator.ts";
import { PrivateNetwork } from "../../../../dev/emulator/machine/private-network.ts";
import { processStart } from "../../../../dev/emulator/machine/process-identity.ts";
import { TestRender, until } from "../harness.ts";

const ROOT = new URL("../../../../", import.meta.url).pathname;
const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "render-"));
  directories.push(directory);
  return directory;
}

/** Runs the program, makes an instance and a job in it, and gives the ids of all processes behind them. */
async function running(directory: string, ...options: string[]): Promise<{ program: ChildProcess; pids: number[] }> {
  const args = [
    "--import",
    "tsx",
    "dev/local/main.ts",
    "--directory",
    directory,
    "run",
    "--provider",
    "registry",
    "--delay",
    "10",
  ];
  const program = spawn(process.execPath, [...args, ...options], { cwd: ROOT, stdio: ["pipe", "pipe", "pipe"] });
  await new Promise((resolve) => program.stdout?.once("data", resolve));
  const state = z
    .object({ apiPort: z.number(), apiKey: z.string(), ownerId: z.string() })
    .parse(JSON.parse(readFileSync(join(directory, "state.json"), "utf8")));
  const render = new TestRender({
    host: `http://127.0.0.1:${state.apiPort}/v1`,
    apiKey: state.apiKey,
    ownerId: state.ownerId,
    backendServiceId: "srv-d000000000000backend",
    caFile: "",
    directory,
    socketDirectory: "",
    stop: async () => {},
  });
  await render.instance();
  await render.call("POST", "/services/srv-d000000000000backend/jobs", { startCommand: "sleep 61 & sleep 62" });
  // The backend, the server of the instance, and the job.
  await until(() => pidsOf(directory).length === 3);
  return { program, pids: pidsOf(directory) };
}

function watchdogOf(program: ChildProcess): number | undefined {
  const listed = execFileSync("ps", ["-ww", "-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  const line = listed.split("\n").find((each) => each.includes(` ${program.pid} `) && each.includes("watchdog.sh"));
  return line === undefined ? undefined : Number(line.trim().split(/\s+/)[0]);
}

const pidsOf = (directory: string) => readdirSync(join(directory, "processes")).map(Number);
const isRunning = (pid: number) => processStart(pid) !== undefined;

const exitOf = (program: ChildProcess) => new Promise<number | null>((resolve) => program.once("exit", resolve));

describe("no process is left", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("after %s, and the program exits with 0", async (signal) => {
    const { program, pids } = await running(newDirectory());
    const exit = exitOf(program);
    program.kill(signal);
    expect(await exit).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test("after whoever started it is gone", async () => {
    const { program, pids } = await running(newDirectory(), "--until-stdin-ends");
    const exit = exitOf(program);
    program.stdin?.end();
    expect(await exit).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test("after kill -9, and the next start works on the same directory", async () => {
    const directory = newDirectory();
    const { program, pids } = await running(directory);
    program.kill("SIGKILL");
    await until(() => pids.every((pid) => !isRunning(pid)));
    const next = await TestRender.start({ directory });
    await next.stop();
  });

  test("after the watchdog was killed, and then the program: there is another watchdog", async () => {
    const { program, pids } = await running(newDirectory());
    const first = watchdogOf(program);
    process.kill(first ?? Number.NaN, "SIGKILL");
    await until(() => ![undefined, first].includes(watchdogOf(program)));
    program.kill("SIGKILL");
    await until(() => pids.every((pid) => !isRunning(pid)));
  });

  test("even when the watchdog was killed, too: the next start finds them", async () => {
    const directory = newDirectory();
    // A process of the last run, with its record, and the record of one whose id another process has now.
    const leftover = spawn("sleep", ["63"], { detached: true, stdio: "ignore" });
    const innocent = spawn("sleep", ["64"], { detached: true, stdio: "ignore" });
    const first = await TestRender.start({ directory });
    await first.render.stop();
    const record = (pid: number, start: string) => writeFileSync(join(directory, "processes", String(pid)), start);
    record(leftover.pid ?? 0, processStart(leftover.pid ?? 0) ?? "");
    record(innocent.pid ?? 0, "1");
    const gone = exitOf(leftover);
    const second = await TestRender.start({ directory });
    await gone;
    expect(isRunning(innocent.pid ?? 0)).toBe(true);
    innocent.kill();
    await second.stop();
  });
});

test("a directory is for one local Render at a time", async () => {
  const render = await TestRender.start();
  await expect(startEmulator({ directory: render.render.directory })).rejects.toThrow(
    /^A local Render is already running on .* \(process \d+\)\. Stop it/,
  );
  await render.stop();
});

test.each([0o755, 0o777])(
  "a temporary directory with mode %o, which others can look into, is refused",
  async (mode) => {
    const name = `t${mode}`;
    const directory = join(realpathSync(tmpdir()), `rl-${name}`);
    directories.push(directory);
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, mode);
    expect(() => new PrivateNetwork(name)).toThrow(/is not this user's own private directory.* Remove it/);
  },
);

test("a temporary directory that is a link to another one is refused", () => {
  const directory = join(realpathSync(tmpdir()), "rl-link");
  symlinkSync(newDirectory(), directory);
  directories.push(directory);
  expect(() => new PrivateNetwork("link")).toThrow(/is not this user's own private directory/);
});

test("a number that is no port is not said to be in use", async () => {
  await expect(startEmulator({ directory: newDirectory(), port: 99_999 })).rejects.toThrow(
    "Port 99999 for the API is no port",
  );
});

test("a port of the last run that is taken is not silently replaced", async () => {
  const first = await TestRender.start();
  const { port } = new URL(first.render.host);
  await expect(startEmulator({ directory: newDirectory(), port: Number(port) })).rejects.toThrow(
    `Port ${port} for the API is in use`,
  );
  await first.stop();
});

test("what holds secrets is readable by its owner only, and no argument of a process holds one", async () => {
  const render = await TestRender.start();
  const id = await render.instance();
  const { password } = new URL((await render.urls(id)).external);
  expect(statSync(join(render.render.directory, "state.json")).mode & 0o777).toBe(0o600);
  expect(statSync(render.render.directory).mode & 0o777).toBe(0o700);
  for (const pid of pidsOf(render.render.directory)) {
    const start = spawn("ps", ["-ww", "-o", "args=", "-p", String(pid)]);
    let line = "";
    start.stdout.on("data", (chunk) => {
      line += chunk;
    });
    await exitOf(start);
    expect(line).toMatch(new RegExp(`${id}|example-backend`));
    expect(line).not.toContain(password);
  }
  await render.stop();
});
