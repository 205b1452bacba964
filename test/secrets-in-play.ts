import { execFileSync } from "node:child_process";
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

/**
 * What any other user of the machine can read, of a directory that everybody may enter: by the modes, and where these tests
 * may become another user, by that one's own look.
 */
export function readableByOthers(directory: string, files = filesIn(directory)): string[] {
  return [...new Set([...readableByMode(directory, files), ...readableByNobody(directory)])];
}

function readableByNobody(directory: string): string[] {
  if (process.getuid?.() !== 0 || process.platform !== "linux") return [];
  const become = ["--reuid=65534", "--regid=65534", "--clear-groups"];
  // Where it may not look it says so, and ends with 1.
  const look = `find "$0" -type f -readable -print0 2>/dev/null || true`;
  const found = execFileSync("setpriv", [...become, "sh", "-c", look, directory], { encoding: "utf8" });
  return found.split("\0").filter(Boolean);
}

function readableByMode(directory: string, files: readonly string[]): string[] {
  const allows = (path: string, bits: number) => (statSync(path).mode & bits) !== 0;
  const isReached = (path: string): boolean => path === directory || (allows(path, 0o011) && isReached(dirname(path)));
  return files.filter((file) => allows(file, 0o044) && isReached(dirname(file)));
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
