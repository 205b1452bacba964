import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Region } from "../../../render/spellings.ts";
import { Stop } from "../../../runtime/errors.ts";
import { makePrivateDirectory } from "../../../runtime/private-file.ts";

const CHECKOUT = join(import.meta.dirname, "../../..");
const PRELOAD = new URL("./private-network.mjs", import.meta.url).href;
/** Names the directory of the instances that a process can reach. The preload reads it. */
const REACHABLE = "RENDER_PRIVATE_NETWORK";
/** A socket's path has at most 103 bytes on macOS and 107 on Linux; region, instance and socket take 37 of them. */
const LONGEST_ROOT = 60;

/**
 * Render's private network: one for each region of the workspace.
 *
 * An instance's host name exists while its directory does, and its server listens on a socket in there. Only processes that were
 * started with {@link environment} can resolve the name, as on Render only those that run there can.
 */
export class PrivateNetwork {
  readonly directory: string;

  constructor(name: string) {
    const temporary = realpathSync(tmpdir());
    const directory = join(temporary, `rl-${name}`);
    this.directory = Buffer.byteLength(directory) > LONGEST_ROOT ? join("/tmp", `rl-${name}`) : directory;
    makePrivateDirectory(this.directory);
    requireOwn(this.directory);
  }

  /** Makes an instance's host name known, and gives the socket to listen on. */
  join(region: Region, instanceId: string): string {
    const host = join(this.directory, region, instanceId);
    makePrivateDirectory(host);
    return join(host, "s");
  }

  leave(region: Region, instanceId: string): void {
    rmSync(join(this.directory, region, instanceId), { recursive: true, force: true });
  }

  /** What a process needs in its environment to be inside: one of Node, and where C is compiled, of any language. */
  environment(region: Region, nodeOptions: string | undefined): Record<string, string> {
    const library = join(this.directory, "inside.so");
    const compiled = existsSync(library) ? library : compiledLibrary();
    // A copy: LD_PRELOAD ends a path at a space, and the checkout may have one in its name.
    if (compiled !== undefined && compiled !== library) copyFileSync(compiled, library);
    return {
      ...(compiled === undefined ? {} : { LD_PRELOAD: library }),
      NODE_OPTIONS: [nodeOptions, `--import=${PRELOAD}`].filter(Boolean).join(" "),
      [REACHABLE]: join(this.directory, region),
    };
  }

  /** Removes all sockets. The next start makes the same directory again. */
  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What puts a program of any language inside; `undefined` on other systems than Linux, and without a C compiler. */
function compiledLibrary(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const source = join(import.meta.dirname, "private-network.c");
  const digest = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 12);
  const file = join(CHECKOUT, "dist", `private-network-${digest}.so`);
  if (existsSync(file)) return file;
  const part = `${file}.${process.pid}`;
  try {
    mkdirSync(join(CHECKOUT, "dist"), { recursive: true });
    execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", part, source, "-ldl"], { stdio: "ignore" });
    renameSync(part, file);
    return file;
  } catch {
    return undefined;
  }
}

/** @throws Stop when somebody else made the directory before, or could look into it. */
function requireOwn(directory: string): void {
  const { mode, uid, isDirectory } = stateOf(directory);
  if (isDirectory && uid === process.getuid?.() && (mode & 0o077) === 0) return;
  throw new Stop(
    "failed",
    `${directory} is not this user's own private directory, and would hold sockets of instances.`,
    {
      remedy: "Remove it, and find out who made it.",
    },
  );
}

function stateOf(path: string) {
  const found = lstatSync(path);
  return { mode: found.mode, uid: found.uid, isDirectory: found.isDirectory() };
}
