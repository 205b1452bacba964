import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Stop } from "../../runtime/errors.ts";
import { closeDirectory, writePrivateFile } from "../../runtime/private-file.ts";
import { processStart } from "./machine/process-identity.ts";

const FILE = "render.pid";

/**
 * Takes a state directory for this process.
 *
 * @returns What gives it back.
 * @throws Stop when another emulator, still running, has it.
 */
export function lockDirectory(directory: string): () => void {
  closeDirectory(directory);
  const file = join(directory, FILE);
  const owner = readOwner(file);
  if (owner !== undefined && processStart(owner.pid) === owner.start) {
    throw new Stop(
      "failed",
      `A local Render is already running on ${directory} (process ${owner.pid}). Stop it with Ctrl-C, use it, or start another one with --directory.`,
    );
  }
  writePrivateFile(file, `${process.pid} ${processStart(process.pid) ?? ""}\n`);
  return () => rmSync(file, { force: true });
}

function readOwner(file: string): { pid: number; start: string } | undefined {
  try {
    const [pid, start] = readFileSync(file, "utf8").trim().split(/ (.*)/s);
    return { pid: Number(pid), start: start ?? "" };
  } catch {
    return undefined;
  }
}
