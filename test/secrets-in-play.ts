import { appendFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** What Terraform keeps in clear by its nature: git-ignored, and nowhere else. */
const MAY_HOLD_SECRETS = /\.tfstate\b|\.tfplan$/;

/** The secrets of one test file. Those of the whole run are in a file, for `secret-scan.ts` to look for in what it printed. */
const secrets = new Set<string>();

export function bringIntoPlay(secret: string): void {
  secrets.add(secret);
  if (process.env.SECRETS_IN_PLAY) appendFileSync(process.env.SECRETS_IN_PLAY, `${secret}\n`);
}

/**
 * Removes what commands wrote, after a look at it, and at what they printed.
 *
 * @throws Error that names the places where a secret is.
 */
export function discard(directory: string, outputs: readonly string[] = []): void {
  const places = [
    ...filesIn(directory).filter((file) => holdsSecret(readFileSync(file, "latin1"))),
    ...outputs.filter(holdsSecret).map((_, index) => `what a command printed (${index + 1})`),
  ];
  rmSync(directory, { recursive: true, force: true });
  if (places.length > 0) throw new Error(`There is a secret in ${places.join(", ")}`);
}

function holdsSecret(text: string): boolean {
  return [...secrets].some((secret) => text.includes(secret));
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !MAY_HOLD_SECRETS.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
