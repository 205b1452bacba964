import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Child, runChild } from "../../runtime/child-process.ts";
import { USER } from "../checks/support/redis-server.ts";
import { contentOf, fill, open, PASSWORD, startServer } from "../operations/stores.ts";

const ROOT = join(import.meta.dirname, "..", "..");

async function stage() {
  const [one, other] = await Promise.all([startServer(), startServer()]);
  const from = await open(one.port);
  await fill(from, 5, 50);
  const directory = mkdtempSync(join(tmpdir(), "backup-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const url = (port: number) => `redis://${USER}:${PASSWORD}@127.0.0.1:${port}`;
  const env = { ...process.env, FROM: url(one.port), TO: url(other.port), FORCE_COLOR: "0" };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runChild("node", ["render-redis.mjs", ...args], { cwd: ROOT, env });
    expect(stdout + stderr).not.toContain(PASSWORD);
    return { code, stdout, stderr };
  };
  return { one, other, from, env, run, path: (name: string) => join(directory, name) };
}

test("a backup is a private file that is never overwritten, and is restored by another command", async () => {
  const { one, other, run, path } = await stage();
  const file = path("backup");
  const made = await run("backup", "env:FROM", "--out", file);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/25 keys, verified by reading back/) });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const content = readFileSync(file);
  expect(await run("backup", "env:FROM", "--out", file)).toMatchObject({ code: 2 });
  expect(readFileSync(file)).toEqual(content);
  expect(existsSync(`${file}.part`)).toBe(false);
  expect(await run("restore", file, "--check")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("whole; 25 keys"),
  });
  expect(await run("restore", file, "env:TO")).toMatchObject({ code: 0 });
  expect(await contentOf(other)).toEqual(await contentOf(one));
  expect(await run("restore", file, "env:TO")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("--merge keep"),
  });
  writeFileSync(file, content.subarray(0, -1));
  expect(await run("restore", file, "--check")).toMatchObject({ code: 1 });
});

test("what goes to standard output are the bytes, also those of a secret", async () => {
  const { other, from, env, path } = await stage();
  await from.connection.send([["SET", "password", PASSWORD]]);
  const shell =
    'node render-redis.mjs backup env:FROM --out - > "$FILE" && node render-redis.mjs restore "$FILE" env:TO';
  const ran = await runChild("sh", ["-c", shell], { cwd: ROOT, env: { ...env, FILE: path("piped") } });
  expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining("26 keys, written to standard output") });
  expect(await (await open(other.port)).connection.send([["GET", "password"]])).toEqual([PASSWORD]);
});

test.each([
  [["backup", "env:NONE"], 2, "must hold the URL"],
  [["backup", "env:FROM", "--recipient", "age1nonsense", "--out", "/tmp/nonexistent-b"], 2, "age1nonsense"],
  [["restore", "/nonexistent"], 2, "There is no file"],
  [["copy", "env:FROM", "env:FROM"], 2, "the same server"],
  [["copy", "env:FROM"], 2, "missing required argument"],
])("%j is refused", async (args, code, message) => {
  const { run } = await stage();
  expect(await run(...args)).toMatchObject({ code, stderr: expect.stringContaining(message) });
});

test("a backup that is interrupted leaves nothing", async () => {
  const { from, env, path } = await stage();
  await from.connection.send([["EVAL", 'for i = 1, 300000 do redis.call("SET", "key:" .. i, i) end', "0"]]);
  const args = ["render-redis.mjs", "backup", "env:FROM", "--share", "5", "--out", path("backup")];
  const child = new Child("node", args, { cwd: ROOT, env });
  await expect.poll(() => existsSync(path("backup.part"))).toBe(true);
  child.signal("SIGINT");
  expect((await child.ended).code).toBe(1);
  expect(existsSync(path("backup.part")) || existsSync(path("backup"))).toBe(false);
});

test("a copy says what it did, and that both sides are equal", async () => {
  const { one, other, run } = await stage();
  const copied = await run("copy", "env:FROM", "env:TO", "--follow");
  expect(copied).toMatchObject({ code: 0, stdout: expect.stringContaining("both sides are equal: 25 keys") });
  expect(copied.stderr).toContain("Stop now what writes to FROM.");
  expect(await contentOf(other)).toEqual(await contentOf(one));
});
