import { appendFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** What Terraform keeps in clear by its nature: git-ignored, and nowhere else. */
const MAY_HOLD_SECRETS = /\.tfstate\b|\.tfplan$/;
/** A saved plan is one, so that what is in it cannot be searched. */
const ZIP = "PK\u0003\u0004";

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
  const files = filesIn(directory);
  const places = [
    ...files.filter((file) => !MAY_HOLD_SECRETS.test(file) && holdsSecret(readFileSync(file, "latin1"))),
    ...readableByOthers(directory, files).filter((file) => {
      const text = readFileSync(file, "latin1");
      return holdsSecret(text) || text.startsWith(ZIP);
    }),
    ...outputs.filter(holdsSecret).map((_, index) => `what a command printed (${index + 1})`),
  ];
  rmSync(directory, { recursive: true, force: true });
  if (places.length > 0) throw new Error(`There is a secret in ${places.join(", ")}`);
}

function holdsSecret(text: string): boolean {
  return [...secrets].some((secret) => text.includes(secret));
}

/** What any other user of the machine can read, of a directory that everybody may enter. */
export function readableByOthers(directory: string, files = filesIn(directory)): string[] {
  const allows = (path: string, bits: number) => (statSync(path).mode & bits) !== 0;
  const isReached = (path: string): boolean => path === directory || (allows(path, 0o011) && isReached(dirname(path)));
  return files.filter((file) => allows(file, 0o044) && isReached(dirname(file)));
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
