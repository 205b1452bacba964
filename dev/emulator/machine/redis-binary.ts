import { execFileSync } from "node:child_process";
import { Stop } from "../../../runtime/errors.ts";

/** The server that plays Render's Valkey. */
export interface RedisBinary {
  readonly command: string;
  readonly version: string;
}

/** Render runs Valkey, so it comes first where both are installed. */
const SERVERS = [
  { command: "valkey-server", oldest: 8 },
  { command: "redis-server", oldest: 7 },
] as const;

/**
 * The Valkey or Redis server on the `PATH`.
 *
 * @throws Error with what was found and how to get one, when none is there or it is too old.
 */
export function findRedisBinary(): RedisBinary {
  const found: string[] = [];
  for (const { command, oldest } of SERVERS) {
    const version = versionOf(command);
    if (version === undefined) continue;
    if (Number.parseInt(version, 10) >= oldest) return { command, version };
    found.push(`${command} ${version}`);
  }
  throw new Stop(
    "failed",
    `No valkey-server 8 or newer and no redis-server 7 or newer on the PATH, got: ${found.join(", ") || "neither"}. ` +
      'Install one, for example with "apt-get install redis-server" or "brew install redis".',
  );
}

function versionOf(command: string): string | undefined {
  try {
    return / v=(\d+\.\d+\.\d+)/.exec(execFileSync(command, ["--version"], { encoding: "utf8" }))?.[1];
  } catch {
    return undefined;
  }
}
