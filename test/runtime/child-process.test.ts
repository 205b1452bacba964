import { setTimeout as pause } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { expect, test } from "vitest";
import { Child, runChild } from "../../runtime/child-process.ts";

const sh = (script: string) => ["sh", ["-c", script]] as const;

test("collects what a process prints, and tells its exit code", async () => {
  const end = await runChild(...sh("echo out; printf err >&2; exit 3"));
  expect(end).toEqual({ code: 3, signal: null, stdout: "out\n", stderr: "err" });
});

test("gives it an environment, a directory and an input", async () => {
  const script = 'read line; echo "$line $NAME $(pwd)"';
  const end = await runChild(...sh(script), { env: { PATH: process.env.PATH, NAME: "n" }, cwd: "/", input: "given\n" });
  expect(end.stdout).toBe("given n /\n");
});

// A thread cannot set it; fast tests may run in one.
test.runIf(isMainThread)("what it writes only its owner reads, and this process goes on as before", async () => {
  const umask = process.umask(0);
  const { stdout } = await runChild("sh", ["-c", "umask"]);
  expect(Number.parseInt(stdout, 8)).toBe(0o077);
  expect(process.umask(umask)).toBe(0);
});

test("gives it an empty input otherwise", async () => {
  expect((await runChild("cat", [])).stdout).toBe("");
});

test("does not mind a process that does not read its input", async () => {
  expect((await runChild("true", [], { input: "x".repeat(1_000_000) })).code).toBe(0);
});

test("tells each line as it comes, also one without an end", async () => {
  const lines: string[] = [];
  const onLine = (line: string, stream: string) => lines.push(`${stream}: ${line}`);
  const end = await runChild(...sh("echo one; echo two; sleep 0.1; printf three >&2"), { onLine });
  expect(lines).toEqual(["stdout: one", "stdout: two", "stderr: three"]);
  expect(end).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test("says why a process cannot be started", async () => {
  await expect(runChild("/no/such/program", [])).rejects.toMatchObject({ code: "ENOENT" });
  const child = new Child("/no/such/program", []);
  expect(child.pid).toBeUndefined();
  await child.stop();
  expect(child.running).toBe(false);
});

test("asks a process to end when the signal fires", async () => {
  const controller = new AbortController();
  const onLine = () => controller.abort();
  const end = await runChild(...sh("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"), {
    onLine,
    signal: controller.signal,
  });
  expect(end.code).toBe(7);
  expect((await runChild("sleep", ["60"], { signal: controller.signal })).signal).toBe("SIGTERM");
});

test("insists when a process does not end", async () => {
  const controller = new AbortController();
  const end = await runChild(...sh("trap '' TERM; echo ready; while :; do sleep 0.05; done"), {
    onLine: () => controller.abort(),
    signal: controller.signal,
    graceMs: 100,
  });
  expect(end.signal).toBe("SIGKILL");
});

test("ends a suspended process", async () => {
  const child = new Child("sleep", ["60"]);
  child.signal("SIGSTOP");
  await child.stop(5_000);
  expect((await child.ended).signal).toBe("SIGTERM");
});

test("ends with its group what a process has left behind", async () => {
  let left = 0;
  const onLine = (line: string) => {
    left = Number(line);
  };
  await runChild(...sh("sleep 60 & echo $!"), { group: true, onLine });
  expect(left).toBeGreaterThan(0);
  await expect.poll(() => isRunning(left)).toBe(false);
});

test("does not wait for what holds the output open after a process has ended", async () => {
  const end = await runChild(...sh("sleep 86400 & echo $!"));
  process.kill(Number(end.stdout));
  await pause(0);
});

/** A zombie, which waits for an init that may not come in a container, has ended. */
async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await runChild("ps", ["-o", "stat=", "-p", String(pid)]);
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}
