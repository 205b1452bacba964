import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunningProvider, startProvider } from "../../../dev/terraform-provider/server.ts";
import { until } from "../emulator/harness.ts";

let directory: string;
let socketDirectory: string;
let provider: RunningProvider | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "s-"));
  socketDirectory = join(directory, "p");
});
afterEach(async () => {
  await provider?.stop();
  provider = undefined;
  await rm(directory, { recursive: true });
});

/** The programs that Terraform starts. */
async function plugins(): Promise<string[]> {
  const names = await readdir(provider?.plugins ?? "", { recursive: true });
  return names.filter((name) => name.includes("terraform-provider-")).sort();
}

function launch(plugin: string) {
  return spawn(join(provider?.plugins ?? "", plugin), { stdio: ["ignore", "pipe", "pipe"] });
}

test("is installed from a directory, for Terraform and OpenTofu, with the versions of the real ones", async () => {
  provider = await startProvider({ socketDirectory });
  const platform = `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;
  expect(await plugins()).toEqual([
    `registry.opentofu.org/hashicorp/null/3.2.4/${platform}/terraform-provider-null_v3.2.4`,
    `registry.opentofu.org/render-oss/render/1.9.1/${platform}/terraform-provider-render_v1.9.1`,
    `registry.terraform.io/hashicorp/null/3.2.4/${platform}/terraform-provider-null_v3.2.4`,
    `registry.terraform.io/render-oss/render/1.9.1/${platform}/terraform-provider-render_v1.9.1`,
  ]);
});

test("each start listens on a socket of its own, which goes with the process that was started", async () => {
  provider = await startProvider({ socketDirectory });
  expect((await stat(socketDirectory)).mode & 0o777).toBe(0o700);
  const [plugin = ""] = await plugins();
  const launched = [launch(plugin), launch(plugin)];
  const lines = await Promise.all(
    launched.map(async ({ stdout }) => String((await once(createInterface({ input: stdout }), "line"))[0])),
  );
  const sockets = lines.map((line) => /^1\|6\|unix\|(.+)\|grpc\|[\w+/]+$/.exec(line)?.[1] ?? line);
  expect(new Set(sockets).size).toBe(2);
  expect(sockets.map(existsSync)).toEqual([true, true]);
  for (const child of launched) child.kill("SIGKILL");
  await until(() => !sockets.some(existsSync));
});

test("a start fails with what to do when nothing runs that it belongs to, and ends when that ends", async () => {
  provider = await startProvider({ socketDirectory });
  const [plugin = ""] = await plugins();
  const running = launch(plugin);
  await once(running.stdout, "data");
  const [copy, ended] = [join(directory, "copy"), once(running, "exit")];
  await rm(join(socketDirectory, "start"));
  const alone = launch(plugin);
  const said = once(alone.stderr, "data");
  expect(String((await said)[0])).toContain("does not run. Start it with: npm run local");
  expect(existsSync(copy)).toBe(false);
  await provider.stop();
  expect(await ended).toEqual([0, null]);
  expect(existsSync(socketDirectory)).toBe(false);
});

test("takes the place of a predecessor that was killed", async () => {
  const script = `const { mkdirSync } = require("node:fs"); mkdirSync(${JSON.stringify(socketDirectory)});
    require("node:net").createServer().listen(${JSON.stringify(join(socketDirectory, "start"))}, () => console.log("up"))`;
  const predecessor = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(predecessor.stdout, "data");
  predecessor.kill("SIGKILL");
  await once(predecessor, "exit");
  provider = await startProvider({ socketDirectory });
  const launched = launch((await plugins())[0] ?? "");
  expect(String((await once(launched.stdout, "data"))[0])).toMatch(/^1\|6\|unix\|/);
  launched.kill("SIGKILL");
});

test("a directory whose path is too long for a socket is refused, with the reason", async () => {
  const long = join(directory, "x".repeat(100));
  await expect(startProvider({ socketDirectory: long })).rejects.toThrow(
    /`socketDirectory` must leave sockets a path of at most 103 bytes, got: .* Choose a directory with a shorter path\./,
  );
});
