import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { listen } from "../../../dev/emulator/machine/listen.ts";
import { REPOSITORY } from "../../../dev/rehearsal.ts";
import { Child } from "../../../runtime/child-process.ts";
import { type RedisOptions, type RedisServer, startRedis } from "../../checks/support/redis-server.ts";

const PATIENCE = { timeout: 300_000 };

async function redis(options: RedisOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

/** A program of the sample backend, with a Redis. */
async function start(program: "backend" | "drain", redisUrl: string) {
  const directory = mkdtempSync(join(tmpdir(), "backend-"));
  const free = createServer();
  const port = await listen(free, 0);
  await new Promise((resolve) => free.close(resolve));
  const lines: string[] = [];
  const child = new Child(process.execPath, ["render-redis.mjs", `example-${program}`], {
    cwd: REPOSITORY,
    env: { ...process.env, PORT: `${port}`, REDIS_URL: redisUrl, ENABLE_QUEUES: "true", DATA_DIRECTORY: directory },
    onLine: (line) => void lines.push(line),
  });
  onTestFinished(async () => {
    await child.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const mode = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    return answer && z.object({ mode: z.string() }).parse(await answer.json()).mode;
  };
  const send = async (id: string) => {
    const body = JSON.stringify({ id, channel: "sms", to: "+15550100", text: "hello" });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`http://127.0.0.1:${port}/messages`, { method: "POST", headers, body });
    return z.object({ mode: z.string() }).parse(await answer.json()).mode;
  };
  return { child, lines, mode, send };
}

test("with a Redis that asks for a password it sends synchronously, and says why", async () => {
  const { port } = await redis({ password: "s3cret-password" });
  const { child, lines, mode, send } = await start("backend", `redis://127.0.0.1:${port}`);
  await expect.poll(mode, PATIENCE).toBe("synchronous");
  await expect.poll(() => lines.join("\n"), PATIENCE).toContain("Redis (queue): NOAUTH");
  expect(await send("m1")).toBe("synchronous");
  expect(child.running).toBe(true);
});

test("the drain of such a Redis fails, and shows no password", async () => {
  const { port } = await redis({ password: "s3cret-password" });
  const { child, lines } = await start("drain", `redis://u:wrong-password@127.0.0.1:${port}`);
  expect((await child.ended).code).toBe(1);
  expect(lines.join("\n")).toMatch(/\[✗\] Redis (refuses: (WRONGPASS|NOAUTH)|does not answer)/);
  expect(lines.join("\n")).not.toMatch(/password|^\s+at /m);
});

test("when another Redis takes over behind its address, it queues there within seconds", async () => {
  const [primary, next] = [await redis(), await redis()];
  let target = primary.port;
  const address = createTcpServer((client) => {
    const server = connect(target, "127.0.0.1");
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
  });
  const port = await listen(address, 0);
  onTestFinished(() => void address.close());
  const { mode, send } = await start("backend", `redis://127.0.0.1:${port}`);
  await expect.poll(mode, PATIENCE).toBe("queued");

  // The old primary stays, as a replica, and keeps its connections.
  target = next.port;
  await primary.admin(["REPLICAOF", "127.0.0.1", `${next.port}`]);
  expect(["synchronous", "queued"]).toContain(await send("m1"));
  await expect.poll(mode, PATIENCE).toBe("queued");
  expect(await send("m2")).toBe("queued");
  // The worker has moved, too: it takes what is queued there.
  const completed = () => next.admin(["ZSCORE", "bull:SMS:completed", "m2"]);
  await expect.poll(async () => (await completed())[0], PATIENCE).not.toBeNull();
});
