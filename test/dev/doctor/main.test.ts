import { describe, expect, test } from "vitest";
import { Examination } from "../../../dev/doctor/diagnose.ts";
import { FakeMachine, HEALTHY, PROGRAM } from "./fake-machine.ts";

describe.concurrent("npm run doctor", () => {
  test("prints a plain table of at most 80 columns into a pipe", async () => {
    using machine = new FakeMachine({ ...HEALTHY, "redis-server": undefined, "apt-get": "exit 1" });
    const { stdout, exitCode } = await machine.doctor();
    expect(exitCode).toBe(1);
    expect(stdout).not.toContain("\u001b");
    const [table, remedies] = stdout.split("\n\n");
    expect(Math.max(...(table ?? "").split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(table).toMatch(/✔ Node\.js +Node\.js 20\.19\.0 +Node\.js ≥ 20\.19/);
    expect(table).toMatch(/✘ Redis +missing +Redis ≥ 7 or Valkey/);
    // Commands stay whole, to be copied.
    expect(remedies).toBe(
      "✘ Redis: no redis-server or valkey-server on the PATH. Remedy:\n" +
        "    sudo apt-get update && sudo apt-get install -y redis-server",
    );
  });

  test("is silent about remedies when all is well", async () => {
    using machine = new FakeMachine(HEALTHY);
    const { stdout, stderr, exitCode } = await machine.doctor();
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).not.toContain("Remedy");
  });

  test("prints the diagnosis as JSON, also when a program hangs", async () => {
    // sleep keeps stdout open: killing only the script would not end the wait.
    using machine = new FakeMachine({ ...HEALTHY, terraform: "/bin/sleep 60; echo late" });
    const { stdout, exitCode } = await machine.doctor(["--json"]);
    const { ok, findings } = Examination.parse(JSON.parse(stdout));
    expect({ ok, exitCode }).toEqual({ ok: false, exitCode: 1 });
    expect(findings.map(({ status }) => status)).toEqual(["ok", "broken", "ok"]);
    expect(findings[1]?.problem).toContain("terraform version -json` gave no answer within 5 seconds");
  });

  test.each([["--instal"], ["everything"]])("refuses %s with exit code 2", async (argument) => {
    using machine = new FakeMachine({});
    const { exitCode, stdout, stderr } = await machine.doctor([argument]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^error: /);
  });

  test("explains itself", async () => {
    using machine = new FakeMachine({});
    const { exitCode, stdout } = await machine.doctor(["--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("--install");
  });
});

const INSTALLS_REDIS = `case "$*" in *install*redis*)
  printf '#!/bin/sh\\necho "${PROGRAM.redis("7.0.15").slice(6, -1)}"\\n' > "$BIN/redis-server"
  /bin/chmod +x "$BIN/redis-server";;
esac`;
const APT = {
  "apt-get": `echo "apt-get $* $DEBIAN_FRONTEND $SYSTEMD_OFFLINE $RUNLEVEL" >> "$CALLS"\n${INSTALLS_REDIS}`,
  "update-rc.d": 'echo "update-rc.d $*" >> "$CALLS"',
};
const WITHOUT_REDIS = { ...HEALTHY, "redis-server": undefined };
const SUDO_WITHOUT_PASSWORD =
  '[ "$1" = -n ] || exit 9; shift; echo "sudo $1" >> "$CALLS"; [ "$1" = true ] || exec "$@"';

describe.concurrent("npm run doctor -- --install", () => {
  test("says one line when nothing is missing", async () => {
    using machine = new FakeMachine({ ...HEALTHY, ...APT });
    const { stdout, stderr, exitCode } = await machine.doctor(["--install"], { user: "root" });
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: "Node.js 20.19.0, Terraform 1.9.0, Redis 7.0.15: ready",
      stderr: "",
      exitCode: 0,
    });
    expect(machine.calls).toEqual([]);
  });

  test("installs with apt-get as root, and leaves no service behind", async () => {
    using machine = new FakeMachine({ ...WITHOUT_REDIS, ...APT });
    const { stdout, stderr, exitCode } = await machine.doctor(["--install"], { user: "root" });
    expect({ stdout, exitCode }).toMatchObject({ stdout: expect.stringContaining("Redis 7.0.15: ready"), exitCode: 0 });
    expect(machine.calls.map((call) => call.trim())).toEqual([
      "apt-get update",
      "apt-get install -y --no-install-recommends redis-server noninteractive 1 1",
      "update-rc.d redis-server disable",
    ]);
    expect(stderr).toMatch(/^Redis is missing and can be installed without a password/);
    expect(stderr).toContain("done after 0 s: apt-get update");
    expect(stderr).not.toContain("\u001b");
  });

  test("installs with apt-get through sudo that asks for no password", async () => {
    using machine = new FakeMachine({ ...WITHOUT_REDIS, ...APT, sudo: SUDO_WITHOUT_PASSWORD });
    const { exitCode } = await machine.doctor(["--install"]);
    expect(exitCode).toBe(0);
    expect(machine.calls).toContain("apt-get install -y --no-install-recommends redis-server noninteractive 1 1");
    expect(machine.calls.filter((call) => call.startsWith("sudo"))).toEqual([
      "sudo true",
      ...Array(3).fill("sudo /usr/bin/env"),
    ]);
  });

  test("installs with Homebrew", async () => {
    using machine = new FakeMachine({ ...WITHOUT_REDIS, brew: `echo "brew $*" >> "$CALLS"\n${INSTALLS_REDIS}` });
    const { exitCode } = await machine.doctor(["--install"]);
    expect(exitCode).toBe(0);
    expect(machine.calls).toEqual(["brew install redis"]);
  });

  test("keeps stdout to the JSON", async () => {
    using machine = new FakeMachine({ ...WITHOUT_REDIS, ...APT });
    const { stdout, exitCode } = await machine.doctor(["--install", "--json"], { user: "root" });
    expect(exitCode).toBe(0);
    expect(Examination.parse(JSON.parse(stdout)).ok).toBe(true);
  });

  test.each([
    { why: "sudo asks for a password", programs: { ...APT, sudo: "echo 'sudo: a password is required' >&2; exit 1" } },
    { why: "there is no sudo", programs: APT },
    {
      why: "the package manager is another one",
      programs: { dnf: 'echo "dnf $*" >> "$CALLS"', sudo: SUDO_WITHOUT_PASSWORD },
    },
  ])("prints the command when $why", async ({ programs }) => {
    using machine = new FakeMachine({ ...WITHOUT_REDIS, ...programs });
    const { stdout, exitCode } = await machine.doctor(["--install"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/ {4}sudo (apt-get|dnf) .*install -y (redis-server|valkey)/);
    expect(machine.calls).toEqual([]);
  });

  test("shows why an installation failed, and the command", async () => {
    const broken = 'case "$*" in *install*) echo "E: Unable to locate package redis-server" >&2; exit 100;; esac';
    using machine = new FakeMachine({ ...WITHOUT_REDIS, "apt-get": broken });
    const { stdout, stderr, exitCode } = await machine.doctor(["--install"], { user: "root" });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("E: Unable to locate package redis-server");
    expect(stdout).toContain("    apt-get update && apt-get install -y redis-server");
  });

  test("installs when only the update of the package lists failed", async () => {
    const flaky = `[ "$1" = update ] && exit 100\n${INSTALLS_REDIS}`;
    using machine = new FakeMachine({ ...WITHOUT_REDIS, ...APT, "apt-get": flaky });
    expect((await machine.doctor(["--install"], { user: "root" })).exitCode).toBe(0);
  });

  test("does not touch a Redis that is there, though too old", async () => {
    using machine = new FakeMachine({ ...HEALTHY, ...APT, "redis-server": PROGRAM.redis("6.0.16") });
    expect((await machine.doctor(["--install"], { user: "root" })).exitCode).toBe(1);
    expect(machine.calls).toEqual([]);
  });
});
