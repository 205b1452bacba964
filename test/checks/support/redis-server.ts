import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "../../../redis/connection.ts";
import type { Reply } from "../../../redis/resp.ts";
import type { CertificateFiles } from "./certificates.ts";

/** The user of the external URL; on Render it is the instance's id. */
export const USER = "red-test0000000000000000";

/** What Render lets its users do. */
export const RENDER_ACL = "~* &* +@all -config";

const ADMIN = { username: "admin", password: "admin-of-the-test" };

export interface RedisOptions {
  /** Default `redis-server`. */
  readonly binary?: string;
  readonly tls?: CertificateFiles | undefined;
  /** The password of {@link USER}; without one anybody may do anything. */
  readonly password?: string | undefined;
  /** What {@link USER} may do. */
  readonly acl?: string | undefined;
  /** Further configuration, as on the command line: `["--maxmemory", "0"]`. */
  readonly args?: readonly string[];
  /** Default a fresh one. */
  readonly directory?: string;
}

/** A real server on loopback. */
export interface RedisServer {
  readonly port: number;
  readonly tlsPort: number;
  readonly directory: string;
  /** Runs commands with every right. */
  admin(...commands: string[][]): Promise<Reply[]>;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export function isInstalled(binary: string): boolean {
  try {
    execFileSync(binary, ["--version"]);
    return true;
  } catch {
    return false;
  }
}

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "checks-redis-"));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const child = spawn(
    options.binary ?? "redis-server",
    [
      ...["--bind", "127.0.0.1", "--port", String(port), "--dir", directory, "--save", "", "--appendonly", "yes"],
      ...["--maxmemory", "256mb", "--maxmemory-policy", "noeviction"],
      ...tlsArgs(options.tls, tlsPort),
      ...userArgs(options),
      ...(options.args ?? []),
    ],
    { stdio: "ignore" },
  );
  const stop = async () => {
    await end(child);
    rmSync(directory, { recursive: true, force: true });
  };
  const admin = async (...commands: string[][]) => {
    const address = { host: "127.0.0.1", port, tls: false, username: undefined, password: undefined, db: 0 };
    const connection = await Connection.open(address, { signal: AbortSignal.timeout(20_000) });
    const [, ...replies] = await connection.send([["AUTH", ADMIN.username, ADMIN.password], ...commands]);
    connection.close();
    return replies;
  };
  for (let left = 200; ; left -= 1) {
    const answered = await admin(["PING"]).then(
      ([reply]) => reply !== undefined,
      () => false,
    );
    if (answered) return { port, tlsPort, directory, admin, signal: (signal) => child.kill(signal), stop };
    if (left === 0 || child.exitCode !== null) {
      await stop();
      throw new Error(`redis-server did not start (exit ${child.exitCode})`);
    }
    await sleep(25);
  }
}

function tlsArgs(files: CertificateFiles | undefined, port: number): string[] {
  if (files === undefined) return [];
  return [
    ...["--tls-port", String(port), "--tls-cert-file", files.cert, "--tls-key-file", files.key],
    ...["--tls-auth-clients", "no", "--tls-ca-cert-file", files.cert],
  ];
}

function userArgs({ password, acl }: RedisOptions): string[] {
  const sha256 = (text: string) => `#${createHash("sha256").update(text).digest("hex")}`;
  const everything = ["~*", "&*", "+@all"];
  return [
    ...["--user", ADMIN.username, "on", sha256(ADMIN.password), ...everything],
    ...(password === undefined
      ? []
      : ["--user", "default", "off", "--user", USER, "on", sha256(password), ...(acl ?? RENDER_ACL).split(" ")]),
  ];
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
