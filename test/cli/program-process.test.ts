import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Child, runChild } from "../../runtime/child-process.ts";

let directory: string;
let program: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "program-"));
  program = join(directory, "scenarios.cjs");
  const entryPoints = [join(import.meta.dirname, "program-scenarios.ts")];
  await build({ entryPoints, outfile: program, bundle: true, platform: "node", format: "cjs" });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const env = { ...process.env, RENDER_API_KEY: "rnd_key" };

function run(scenario: string) {
  return runChild(process.execPath, [program, scenario], { env });
}

test("what is kept open does not keep the process", async () => {
  expect(await run("kept open")).toMatchObject({ code: 0, stderr: "" });
});

test("all that was printed arrives", async () => {
  expect((await run("much to say")).stdout).toHaveLength(1_000_000);
});

test("a crash elsewhere names its kind and its place, and not what it says", async () => {
  const end = await run("crash elsewhere");
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/^It crashed \(Error\)\. This is a mistake in the program\.\n\s+at .*scenarios/);
  expect(end.stderr).not.toContain("not shown");
});

test.each([
  ["late and deaf", 1, ""],
  ["late with a report", 3, "the report\n"],
])("a deadline ends what is %s", async (scenario, code, stdout) => {
  const end = await run(scenario);
  expect(end).toMatchObject({ code, stdout, stderr: "Stopped: the deadline of 0.2 s passed.\n" });
});

test("what it has started ends with it", async () => {
  const { code, stdout } = await run("late with a child");
  expect([code, Number(stdout) > 0]).toEqual([1, true]);
  // Where nobody asks how it ended, it stays as a zombie.
  const state = async () => (await runChild("ps", ["-o", "stat=", "-p", stdout.trim()])).stdout;
  await expect.poll(state, { timeout: 60_000 }).toMatch(/^Z|^$/);
});

/** A machine of its own whose resolver takes every question and answers none. */
const DEAF_RESOLVER = `
  mount --bind "$1" /etc/resolv.conf && ip link set lo up || exit 99
  node -e 'require("node:dgram").createSocket("udp4").bind(53, "127.0.0.1", () => console.log("bound"))' >"$2" &
  while ! grep -qs bound "$2"; do sleep 0.05; done
  shift 2
  began=$(date +%s%N)
  "$@"
  code=$?
  echo "$((($(date +%s%N) - began) / 1000000))"
  kill $!
  exit $code`;
const alone = ["--user", "--map-root-user", "--mount", "--net"];
const isAlone = spawnSync("unshare", [...alone, "ip", "link", "set", "lo", "up"]).status === 0;

// Where the system lets nobody have a network of their own, this is skipped, and counted as skipped.
test.skipIf(!isAlone)("a resolver that does not answer holds nothing back", async () => {
  const resolver = join(directory, "resolv.conf");
  writeFileSync(resolver, "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
  const command = [resolver, join(directory, "bound"), process.execPath, program, "late with a name"];
  const { code, stdout, stderr } = await runChild("unshare", [...alone, "sh", "-c", DEAF_RESOLVER, "sh", ...command], {
    env,
  });
  expect(stderr).toBe("Stopped: the deadline of 0.5 s passed.\n");
  expect(code).toBe(1);
  // The system would go on trying for minutes.
  expect(Number(stdout)).toBeLessThan(60_000);
});

test("what Node prints of its own requests has no key in it", async () => {
  const { stderr } = await runChild(process.execPath, [program, "asking over HTTP"], {
    env: { ...env, NODE_DEBUG: "http" },
  });
  expect(stderr).toContain("authorization: 'Bearer ***'");
  expect(stderr).not.toContain("rnd_key");
});

test("a signal ends what does not listen", async () => {
  const lines: string[] = [];
  const child: Child = new Child(process.execPath, [program, "interrupted deaf"], {
    env,
    onLine: (line) => {
      lines.push(line);
      if (line === "ready") child.signal("SIGTERM");
    },
  });
  expect((await child.ended).code).toBe(1);
  expect(lines).toEqual(["ready", "Stopped."]);
});

test("a reader who has gone ends what is printed for them", async () => {
  const script = `("$0" "$1" "printing on"; echo "$?" >&2) | head -1`;
  const end = await runChild("sh", ["-c", script, process.execPath, program], { env });
  expect(end).toMatchObject({ stdout: "ready\n", stderr: "0\n" });
});
