import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";

/** Milliseconds. A version is printed within one second; five leave room for a cold disk. */
const TIME_LIMIT = 5_000;

/** What a program printed when it was asked something, or why there is no answer. */
export type Answer = { readonly output: string } | { readonly problem: string };

/** Asks a program something that it should answer at once. Never throws and never takes longer than five seconds. */
export async function probe(path: string, args: readonly string[]): Promise<Answer> {
  const child = execa(path, args, {
    // Terraform would ask its maker for news and print them.
    env: { CHECKPOINT_DISABLE: "1" },
    stdin: "ignore",
    reject: false,
    maxBuffer: 100_000,
    // A group of its own: version managers answer through a wrapper, and killing that alone leaves the rest hanging.
    detached: true,
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, TIME_LIMIT);
  const result = await child;
  clearTimeout(timer);
  if (late) return { problem: `gave no answer within ${TIME_LIMIT / 1000} seconds` };
  if (result.isMaxBuffer) {
    killGroup(child.pid);
    return { problem: "printed far more than a version" };
  }
  // Only stdout counts: Terraform complains on stderr about settings that have nothing to do with its version.
  if (result.exitCode === 0) return { output: result.stdout };
  if (result.exitCode === undefined && result.signal === undefined) {
    return { problem: `could not be started (${result.code ?? "unknown reason"})` };
  }
  const ending = result.signal === undefined ? `ended with exit code ${result.exitCode}` : `died of ${result.signal}`;
  const said = excerpt(result.stderr) || excerpt(result.stdout);
  return { problem: said === "" ? ending : `${ending}: ${said}` };
}

/** The first line of a text, harmless to print and short enough for a sentence. */
export function excerpt(text: string): string {
  const line = stripVTControlCharacters(text).trim().split("\n")[0] ?? "";
  const printable = line.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "");
  return printable.length > 60 ? `${printable.slice(0, 60)}…` : printable;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group ended by itself in the meantime.
  }
}
