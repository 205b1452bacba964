import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { Child } from "../../runtime/child-process.ts";
import { EXPECTED } from "../checks/support/render-api.ts";
import { listen } from "../checks/support/sockets.ts";
import { isIdle } from "../idle.ts";
import { PROGRAM } from "../program.ts";

/** Where the machine is busy, only what goes on as if nothing had happened is a fault. */
const BUSY_MS = 60_000;
const SERVICE = "srv-d00000000000000000a0";

const directory = mkdtempSync(join(tmpdir(), "gone-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Is there once what is stuck runs. */
const RUNNING = join(directory, "running");

/** A program that never ends, whatever it is asked. */
function stuckProgram(name: string): string {
  const file = join(directory, name);
  writeFileSync(file, `#!/bin/sh\ntrap '' TERM INT\ntouch ${RUNNING}\nwhile :; do sleep 1; done\n`, { mode: 0o700 });
  return file;
}

/** Hangs every process of Node's that runs the app. */
function stuckApp(): string {
  const file = join(directory, "stuck.mjs");
  const hang = `
    import { writeFileSync } from "node:fs";
    if (process.argv.some((arg) => arg === "app")) {
      process.on("SIGTERM", () => {});
      writeFileSync("${RUNNING}", "");
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    }`;
  writeFileSync(file, hang);
  return file;
}

interface Stuck {
  /** Fulfilled once the command has met what is stuck. */
  readonly met: Promise<unknown>;
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** Takes every connection, and says nothing. */
async function stuckApi(): Promise<Stuck> {
  let meet = () => {};
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const { port, stop } = await listen((socket) => socket.once("data", () => meet()));
  onTestFinished(stop);
  return { met, env: { RENDER_HOST: `http://127.0.0.1:${port}/v1` } };
}

/** Something that the command starts. */
async function stuckChild(env: NodeJS.ProcessEnv): Promise<Stuck> {
  const text = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";
  const { port, stop } = await listen((socket) => socket.on("data", () => socket.write(text)));
  onTestFinished(stop);
  rmSync(RUNNING, { force: true });
  const met = vi.waitFor(() => expect(existsSync(RUNNING)).toBe(true), { timeout: 200_000 });
  return { met, env: { RENDER_HOST: `http://127.0.0.1:${port}/v1`, ...env } };
}

const expected = {
  serviceId: SERVICE,
  name: "backend",
  key: "backend",
  groupName: "g",
  env: {},
  uses: {},
  drain: {},
  rollOutSeconds: 3_600,
};
const STEP = { BACKEND_EXPECTED: JSON.stringify(expected), BACKEND_SERVICE_ID: SERVICE, BACKEND_GROUP_ID: "evg-1" };

const HAND_OVER = {
  REDIS_INSTANCE_ID: "red-d0000000000000000000",
  REDIS_ADDRESS: "render_keyvalue.redis",
  TERRAFORM_DIRECTORY: directory,
  BACKEND_SERVICE_ID: SERVICE,
  BACKEND_DRAIN_COMMAND: "drain",
};

const COMMANDS: readonly [what: string, args: readonly string[], () => Promise<Stuck>, env?: NodeJS.ProcessEnv][] = [
  ["verify, with a stuck API", [PROGRAM, "verify", "local", "--deadline", "3000"], stuckApi],
  ["preflight, with a stuck API", [PROGRAM, "preflight", "local"], stuckApi],
  ["a roll-out, with a stuck API", [PROGRAM, "step", "roll-out"], stuckApi, STEP],
  [
    "a hand-over, with a stuck Terraform",
    [PROGRAM, "step", "hand-over"],
    () => stuckChild({ TERRAFORM_BINARY_NAME: stuckProgram("terraform") }),
    HAND_OVER,
  ],
  ["watch, with a stuck API", [PROGRAM, "watch", "local", "--once"], stuckApi],
  ["watch until it is stopped, with a stuck API", [PROGRAM, "watch", "local"], stuckApi],
  ["metrics, with a stuck API", [PROGRAM, "metrics", "local"], stuckApi],
  [
    "synth, with a stuck app",
    [PROGRAM, "synth", "--check"],
    () => stuckChild({ NODE_OPTIONS: `--import ${stuckApp()}` }),
  ],
];

test.each(COMMANDS)("%s, is gone when it is told to", async (what, args, stick, more = {}) => {
  const { met, env } = await stick();
  const child = new Child(process.execPath, args, {
    env: {
      ...{ PATH: process.env.PATH, HOME: directory, RENDER_API_KEY: "rnd_key", RENDER_OWNER_ID: "tea-test" },
      ...{ TF_VAR_backend_service_id: SERVICE, TF_VAR_emulator: "true", REDIS_EXPECTED: JSON.stringify(EXPECTED) },
      ...more,
      ...env,
    },
  });
  onTestFinished(() => child.stop(0));
  const ended = child.ended.then((end) => {
    throw new Error(`it ended before it met what is stuck: ${JSON.stringify(end)}`);
  });
  await Promise.race([met, ended]);
  const told = performance.now();
  child.signal("SIGTERM");
  const { code, stderr } = await child.ended;
  // The checks say what they have seen, and that the rest is unknown. A watch has no other end.
  expect(what.startsWith("watch until") ? [0] : [1, 3], stderr).toContain(code);
  expect(performance.now() - told).toBeLessThan(isIdle() ? 1_000 : BUSY_MS);
});
