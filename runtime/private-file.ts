import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { Stop } from "./errors.ts";

const OWNER_ONLY = { file: 0o600, directory: 0o700 } as const;
const OTHERS = 0o077;

/** Makes a directory that only its owner enters, with the ones above it. One that exists keeps its mode. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: OWNER_ONLY.directory });
}

/**
 * Writes a file that may hold a secret: only its owner reads it. Its directory is made private first. A reader finds
 * the old content or the new one, never a part.
 */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  makePrivateDirectory(dirname(path));
  const part = `${path}.${process.pid}.new`;
  // What a killed process left behind keeps its mode, whatever that is.
  rmSync(part, { force: true });
  writeFileSync(part, content, { mode: OWNER_ONLY.file, flag: "wx" });
  renameSync(part, path);
}

/** A new private file, to write it as a stream. What a killed process left behind under its name is replaced. */
export function createPrivateFile(path: string): WriteStream {
  makePrivateDirectory(dirname(path));
  rmSync(path, { force: true });
  return createWriteStream(path, { mode: OWNER_ONLY.file, flags: "wx" });
}

/**
 * Closes a directory to everybody but its owner, and so everything in it, whoever writes it and whatever the umask. One
 * that is open is corrected, and named on standard error.
 *
 * @throws Stop when it is open and belongs to somebody else.
 */
export function closeDirectory(path: string): void {
  makePrivateDirectory(path);
  close(path, OWNER_ONLY.directory);
}

/**
 * Closes all that Terraform and cdktf write secrets into, and what is saved beside it.
 *
 * @param outdir The directory of the synthesized Terraform. Plans and states lie beside it.
 * @param states The files of the local states.
 * @throws Stop when one of them is open and belongs to somebody else.
 */
export function closeProject(outdir: string, states: readonly string[]): void {
  const project = join(outdir, "..");
  const kept = [".plans", ".state"].map((name) => join(project, name)).filter((path) => existsSync(path));
  const directories = states.map((state) => dirname(state)).filter((path) => relative(project, path) !== "");
  for (const path of new Set([outdir, ...kept, ...directories])) closeDirectory(path);
  if (!isOpen(project)) return;
  // The project's own directory stays open. Terraform keeps the mode of the files that are there.
  const beside = states.filter((state) => relative(project, dirname(state)) === "");
  for (const path of beside.flatMap((state) => [state, `${state}.backup`])) {
    if (existsSync(path)) close(path, OWNER_ONLY.file);
    else writePrivateFile(path, "");
  }
}

/** Windows knows no such modes: there, what belongs to a user is that user's. */
function isOpen(path: string): boolean {
  return process.platform !== "win32" && (statSync(path).mode & OTHERS) !== 0;
}

function close(path: string, mode: number): void {
  if (!isOpen(path)) return;
  const name = relative(process.cwd(), path) || ".";
  try {
    chmodSync(path, mode);
  } catch {
    throw new Stop("failed", `Other users of this machine can read ${name}, which may hold passwords.`, {
      remedy: `It belongs to somebody else: have its owner run "chmod ${mode.toString(8)} ${name}".`,
    });
  }
  process.stderr.write(`Other users of this machine could read ${name}, which may hold passwords. Now only you can.\n`);
}
