import { execa } from "execa";
import { findExecutable } from "./find-executable.ts";
import { isRoot, type Platform } from "./platform.ts";
import { probe } from "./probe.ts";
import { showProgress } from "./show-progress.ts";

interface Step {
  readonly command: readonly [file: string, ...args: string[]];
  /** Whether the next step may succeed though this one failed. */
  readonly optional?: boolean;
}

const ENV = "/usr/bin/env";

/** Milliseconds for one step: a slow mirror is waited for, a dead one is not. */
const STEP_TIME_LIMIT = 10 * 60_000;

/**
 * The steps that install Redis on this machine without asking for a password; `undefined` when there is no such way.
 *
 * Debian's package starts a server on port 6379 and at every boot. Nobody asked for that service, only for the program,
 * so it is neither started nor left enabled.
 */
export async function stepsToInstallRedis(platform: Platform): Promise<readonly Step[] | undefined> {
  // Homebrew refuses to run as root.
  if (platform === "brew") {
    return isRoot() || findExecutable("brew") === undefined ? undefined : [{ command: ["brew", "install", "redis"] }];
  }
  if (platform !== "apt" || !(isRoot() || (await hasPasswordlessSudo()))) return undefined;
  // The variables are given through env because sudo drops them.
  const asRoot = (variables: readonly string[], ...command: readonly string[]): Step["command"] => {
    const [file, ...args] = [...(isRoot() ? [] : ["sudo", "-n"]), ENV, ...variables, ...command];
    return [file ?? "", ...args];
  };
  // systemctl leaves the running system alone when offline, and System V's scripts start nothing in runlevel 1.
  const quietly = ["DEBIAN_FRONTEND=noninteractive", "SYSTEMD_OFFLINE=1", "RUNLEVEL=1"];
  return [
    // One unreachable source among many fails the update, though the package may well be in another.
    { command: asRoot([], "apt-get", "update"), optional: true },
    { command: asRoot(quietly, "apt-get", "install", "-y", "--no-install-recommends", "redis-server") },
    { command: asRoot([], "update-rc.d", "redis-server", "disable"), optional: true },
  ];
}

/** Takes the steps, showing each on stderr. Says why it stopped, with the end of the failed step's output. */
export async function installRedis(steps: readonly Step[]): Promise<{ problem: string } | undefined> {
  for (const { command, optional } of steps) {
    const [file, ...args] = command;
    // Without env and the variables: what a person would have typed.
    const title = command.filter((word) => word !== ENV && !/^[A-Z_]+=/.test(word)).join(" ");
    const progress = showProgress(title);
    const child = execa(file, args, { stdin: "ignore", all: true, reject: false, timeout: STEP_TIME_LIMIT });
    child.all.on("data", (chunk: Buffer) => progress.heard(String(chunk)));
    const result = await child;
    progress.ended(!result.failed);
    if (!result.failed || optional === true) continue;
    const ending = result.timedOut ? `took more than ${STEP_TIME_LIMIT / 60_000} minutes` : "failed";
    return { problem: [`\`${title}\` ${ending}:`, ...result.all.trim().split("\n").slice(-10)].join("\n  ") };
  }
  return undefined;
}

async function hasPasswordlessSudo(): Promise<boolean> {
  const sudo = findExecutable("sudo");
  return sudo !== undefined && "output" in (await probe(sudo, ["-n", "true"]));
}
