import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Stop } from "../runtime/errors.ts";

const LIST = "list.ts";
const DESCRIBES = /^export (const \w+ = |default )defineEnvironment\(/m;

/**
 * A file that describes an environment and is not in the list is deployed by nobody, and compared with no other.
 *
 * @param directory Of the environments' files.
 * @throws Stop naming each.
 */
export function refuseUnlisted(directory: string): void {
  const list = readFileSync(join(directory, LIST), "utf8");
  const unlisted = readdirSync(directory)
    .filter((file) => file.endsWith(".ts") && file !== LIST && !list.includes(`from "./${file}"`))
    .filter((file) => DESCRIBES.test(readFileSync(join(directory, file), "utf8")))
    .map((file) => `environments/${file}`);
  if (unlisted.length === 0) return;
  throw new Stop("misused", `Not in the list of environments: ${unlisted.join(", ")}.`, {
    remedy: `Add it to ENVIRONMENTS in environments/${LIST}, or remove the file.`,
  });
}
