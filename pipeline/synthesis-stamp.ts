import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "..");
export const OUTDIR = join(REPOSITORY, "cdktf.out");
/** All that synthesis reads: it is pure, so the same sources give the same Terraform. */
const SOURCES = [
  "main.ts",
  "package-lock.json",
  "environments",
  "stacks",
  "constructs",
  "steps",
  "render",
  "runtime",
  "pipeline",
];

export function stackDirectory(environment: string): string {
  return join(OUTDIR, "stacks", environment);
}

/** Whether an environment's stack is what synthesis would write now, so that it need not be written again. */
export function isCurrent(environment: string): boolean {
  const file = stampFile(environment);
  return existsSync(file) && readFileSync(file, "utf8") === stamp(environment);
}

export function writeStamp(environment: string): void {
  writeFileSync(stampFile(environment), stamp(environment));
}

function stampFile(environment: string): string {
  return join(stackDirectory(environment), "sources.sha256");
}

/** Over the sources and over what was made of them: neither may have been touched. */
function stamp(environment: string): string {
  const hash = createHash("sha256");
  for (const source of SOURCES) addTo(hash, join(REPOSITORY, source));
  for (const made of ["cdk.tf.json", "stack.json"]) addTo(hash, join(stackDirectory(environment), made));
  return hash.digest("hex");
}

function addTo(hash: ReturnType<typeof createHash>, path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory()) {
    for (const name of readdirSync(path).sort()) addTo(hash, join(path, name));
  } else hash.update(`${path}\0${stats.size}\0`).update(readFileSync(path));
}
