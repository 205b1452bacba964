import { createHash, type Hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const STAMP = "sources.sha256";

/** Whether a stack is what synthesis would write there now, so that it need not be written again. */
export function isCurrent(directory: string, sources: readonly string[]): boolean {
  const file = join(directory, STAMP);
  return existsSync(file) && readFileSync(file, "utf8") === stampOf(directory, sources);
}

/** Remembers what a stack was made of. */
export function writeStamp(directory: string, sources: readonly string[]): void {
  writeFileSync(join(directory, STAMP), stampOf(directory, sources));
}

/** Over the sources and over what was made of them: neither may have been touched. */
function stampOf(directory: string, sources: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of [...sources, join(directory, "cdk.tf.json")]) addTo(hash, path);
  return hash.digest("hex");
}

function addTo(hash: Hash, path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory()) {
    for (const name of readdirSync(path).sort()) addTo(hash, join(path, name));
  } else hash.update(`${path}\0${stats.size}\0`).update(readFileSync(path));
}
