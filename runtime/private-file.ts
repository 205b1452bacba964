import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const OWNER_ONLY = { file: 0o600, directory: 0o700 } as const;

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
