import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildChecks } from "../../../cli/bundle/build.ts";

/** Builds the checks as one file, far from any `node_modules`. */
export async function bundleChecks(): Promise<{ readonly directory: string; readonly file: string }> {
  const directory = mkdtempSync(join(tmpdir(), "checks-bundle-"));
  const file = join(directory, "checks.cjs");
  await buildChecks(file);
  return { directory, file };
}
