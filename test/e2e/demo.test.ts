import { readdirSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { expect, test } from "vitest";
import { readableByOthers } from "../secrets-in-play.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

function demo(umask = "022") {
  const options = { cwd: REPOSITORY, all: true, reject: false, stdin: "ignore" } as const;
  const command = [process.execPath, "--import", "tsx", "dev/demo.ts"];
  return execa("sh", ["-c", `umask ${umask} && exec "$0" "$@"`, ...command], options);
}

const workspaces = () => readdirSync(join(REPOSITORY, ".tmp")).filter((name) => name.startsWith("local-"));

test("the demo deploys, proves, plans to nothing, destroys, and leaves nothing behind", async () => {
  const { exitCode, all } = await demo();
  expect(exitCode, all).toBe(0);
  expect(all).toMatch(/✔ ping +PONG/);
  expect(all).toMatch(/✔ eviction-policy +noeviction/);
  expect(all).toMatch(/✔ memory-limit +256 MB/);
  expect(all).toMatch(/REDIS_URL=redis:\/\/red-[0-9a-v]{20}:6379/);
  // Before, after, and when it is gone again.
  const said = [...(all ?? "").matchAll(/the backend says: (.*)/g)].map(([, text]) => text);
  const queued = "mode: queued, queues: SMS, MMS, Mail, Analytics";
  expect(said).toEqual(["mode: synchronous", queued, "mode: synchronous"]);
  expect(all).toContain("No changes.");
  expect(all).toContain("Destroy complete! Resources:");
  // Not a terminal, so no colours.
  expect(stripVTControlCharacters(all)).toBe(all);
  expect(workspaces()).toEqual([]);
});

test.each([
  ["stopped", "000", (running: ReturnType<typeof demo>) => void running.kill("SIGTERM")],
  ["cut off from its reader", "022", (running: ReturnType<typeof demo>) => void running.stdout.destroy()],
])(
  "the demo that is %s halfway leaves nothing behind, and shows nobody anything before",
  async (_how, umask, interrupt) => {
    const running = demo(umask);
    await new Promise<void>((resolve) => {
      running.stdout.on("data", (chunk: Buffer) => chunk.includes("redis: Creation complete") && resolve());
    });
    const shown = workspaces().flatMap((name) => readableByOthers(join(REPOSITORY, ".tmp", name)));
    expect(workspaces()).toHaveLength(1);
    expect(shown).toEqual([]);
    interrupt(running);
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Stopped\.$/);
    expect(workspaces()).toEqual([]);
  },
);
