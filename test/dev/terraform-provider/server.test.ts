import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startProvider } from "../../../dev/terraform-provider/server.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "s-"));
});
afterEach(() => rm(directory, { recursive: true }));

const options = { apiKey: "rnd_s3cret", ownerId: "tea-tests", host: "http://127.0.0.1:1/v1" };

test("tells Terraform and OpenTofu where both providers are, and nothing secret", async () => {
  const provider = await startProvider({ ...options, socketDirectory: directory });
  const attached = JSON.parse(provider.reattach);
  expect(Object.keys(attached)).toEqual([
    "registry.terraform.io/render-oss/render",
    "registry.opentofu.org/render-oss/render",
    "registry.terraform.io/hashicorp/null",
    "registry.opentofu.org/hashicorp/null",
  ]);
  expect(attached["registry.opentofu.org/render-oss/render"]).toEqual({
    Protocol: "grpc",
    ProtocolVersion: 6,
    Pid: process.pid,
    Test: true,
    Addr: { Network: "unix", String: join(directory, "render.sock") },
  });
  expect(provider.reattach).not.toContain("s3cret");
  await provider.stop();
  expect(await readdir(directory)).toEqual([]);
});

test("takes the place of a predecessor that was killed", async () => {
  const socket = join(directory, "render.sock");
  const script = `require("node:net").createServer().listen(${JSON.stringify(socket)}, () => console.log("up"))`;
  const predecessor = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(predecessor.stdout, "data");
  predecessor.kill("SIGKILL");
  await once(predecessor, "exit");
  expect(existsSync(socket)).toBe(true);

  const provider = await startProvider({ ...options, socketDirectory: directory });
  const connection = createConnection(socket);
  await once(connection, "connect");
  connection.destroy();
  await provider.stop();
  expect(existsSync(socket)).toBe(false);
});

test("a directory whose path is too long for a socket is refused, with the reason", async () => {
  const long = join(directory, "x".repeat(100));
  await expect(startProvider({ ...options, socketDirectory: long })).rejects.toThrow(
    /`socketDirectory` must leave sockets a path of at most 103 bytes, got: .* Choose a directory with a shorter path\./,
  );
});
