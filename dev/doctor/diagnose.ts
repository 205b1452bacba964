import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { runChild } from "../../runtime/child-process.ts";
import { within } from "../../runtime/wait.ts";
import {
  isAtLeast,
  PLATFORMS,
  type Platform,
  PREREQUISITES,
  type Prerequisite,
  type Program,
} from "./prerequisites.ts";

/** Milliseconds. A version is printed within one second; five leave room for a cold disk. */
const TIME_LIMIT_MS = 5_000;
const LONGEST_ANSWER = 100_000;

/**
 * What was found of one prerequisite.
 *
 * - `ok`: there, and new enough.
 * - `warning`: there, and new enough, but something does not work with it until the remedy is applied.
 * - `missing`: no such program on the PATH.
 * - `too_old`: there, below the minimum.
 * - `broken`: there, but it hangs, fails, or prints no version.
 */
export const Diagnosis = z.strictObject({
  id: z.enum(["node", "terraform", "redis"]),
  title: z.string(),
  purpose: z.string(),
  /** For people: `Redis ≥ 7 or Valkey ≥ 8`. */
  needed: z.string(),
  status: z.enum(["ok", "warning", "missing", "too_old", "broken"]),
  /** The program that is used; `null` when none prints a version. */
  found: z.strictObject({ product: z.string(), version: z.string(), path: z.string() }).nullable(),
  /** One sentence without its full stop; `null` when all is well. */
  problem: z.string().nullable(),
  /** Commands for a shell on this platform; where the platform is not known, an address to read. */
  remedy: z.array(z.string()),
});

export type Diagnosis = z.infer<typeof Diagnosis>;

/** All prerequisites of this project on this machine. The shape of `npm run doctor -- --json`. */
export const Examination = z.strictObject({
  /** Whether everything here can run. Warnings do not count. */
  ok: z.boolean(),
  platform: z.enum(PLATFORMS),
  findings: z.array(Diagnosis),
});

export type Examination = z.infer<typeof Examination>;

/** Looks for every prerequisite, side by side. Takes at most as long as the slowest program's time limit. */
export async function diagnose(): Promise<Examination> {
  const platform = detectPlatform();
  const findings = await Promise.all(PREREQUISITES.map((prerequisite) => examine(prerequisite, platform)));
  return { ok: findings.every(({ status }) => status === "ok" || status === "warning"), platform, findings };
}

async function examine(prerequisite: Prerequisite, platform: Platform): Promise<Diagnosis> {
  const { id, title, purpose, accepts, variable, versionArguments } = prerequisite;
  const needed = accepts.map(({ product, minimum }) => `${product} ≥ ${minimum}`).join(" or ");
  const base = { id, title, purpose, needed, found: null };
  const install = asUser(prerequisite.install[platform]);
  const chosen = variable === undefined ? undefined : process.env[variable];
  const names = chosen ? [chosen] : prerequisite.candidates;
  // What an installation adds is not what the variable names.
  const afterwards = chosen ? [`unset ${variable}`] : [];
  const answers = await Promise.all(names.map((name) => look(name, prerequisite)));
  const programs = answers.filter((answer) => answer !== undefined && "version" in answer);

  const good = programs.find(({ product, version }) =>
    accepts.some((accepted) => product === accepted.product && isAtLeast(version, accepted.minimum)),
  );
  if (good !== undefined) {
    const caveat = prerequisite.caveat?.(good, install);
    if (caveat === undefined) return { ...base, status: "ok", found: good, problem: null, remedy: [] };
    return { ...base, status: "warning", found: good, problem: caveat.problem, remedy: [...caveat.remedy] };
  }
  const old = programs[0];
  if (old !== undefined) {
    const problem = `${old.product} ${old.version} at ${old.path} is too old`;
    const upgrade = prerequisite.upgrade?.[platform];
    const remedy = [...(upgrade === undefined ? install : asUser(upgrade)), ...afterwards];
    return { ...base, status: "too_old", found: old, problem, remedy };
  }
  const broken = answers.find((answer) => answer !== undefined && "problem" in answer);
  if (broken !== undefined) {
    const problem = `\`${[broken.path, ...versionArguments].join(" ")}\` ${broken.problem}`;
    return { ...base, status: "broken", problem, remedy: [...install, ...afterwards] };
  }
  if (chosen) {
    const problem = `${variable} is "${chosen}", and there is no such program`;
    return { ...base, status: "missing", problem, remedy: afterwards };
  }
  return { ...base, status: "missing", problem: `no ${names.join(" or ")} on the PATH`, remedy: install };
}

type Broken = { readonly path: string; readonly problem: string };

async function look(name: string, { versionArguments, read }: Prerequisite): Promise<Program | Broken | undefined> {
  const path = findExecutable(name);
  if (path === undefined) return undefined;
  const answer = await ask(path, versionArguments);
  if ("problem" in answer) return { path, problem: answer.problem };
  const program = read(answer.output, path);
  if (program !== undefined) return { ...program, path };
  const printed = excerpt(answer.output);
  return { path, problem: printed === "" ? "printed nothing" : `printed no version but "${printed}"` };
}

/** Runs a program that should answer at once. It is never rejected, and takes at most five seconds. */
export async function ask(
  path: string,
  args: readonly string[],
): Promise<{ readonly output: string } | { readonly problem: string }> {
  const output = { stdout: "", stderr: "" };
  const tooMuch = new AbortController();
  try {
    return await within(
      TIME_LIMIT_MS,
      async (signal) => {
        const { code, signal: death } = await runChild(path, args, {
          // Terraform would ask its maker for news and print them.
          env: { ...process.env, CHECKPOINT_DISABLE: "1" },
          // Version managers answer through a wrapper. Killing that alone leaves the rest running.
          group: true,
          signal,
          graceMs: 0,
          onLine(line, stream) {
            if (output.stdout.length + output.stderr.length > LONGEST_ANSWER) tooMuch.abort();
            else output[stream] += `${line}\n`;
          },
        });
        if (tooMuch.signal.aborted) return { problem: "printed far more than a version" };
        if (signal.aborted) return { problem: `gave no answer within ${TIME_LIMIT_MS / 1_000} seconds` };
        // Only stdout counts: Terraform complains on stderr about settings that do not concern its version.
        if (code === 0) return { output: output.stdout };
        const ending = code === null ? `died of ${death}` : `ended with exit code ${code}`;
        const printed = excerpt(output.stderr) || excerpt(output.stdout);
        return { problem: printed === "" ? ending : `${ending}: ${printed}` };
      },
      tooMuch.signal,
    );
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "unknown reason";
    return { problem: `could not be started (${code})` };
  }
}

/** The first line of a text, harmless to print and short enough for a sentence. */
export function excerpt(text: string): string {
  const line = stripVTControlCharacters(text).trim().split("\n")[0] ?? "";
  const printable = line.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "");
  return printable.length > 60 ? `${printable.slice(0, 60)}…` : printable;
}

/** The file that a command's name would run, found as a shell finds it; `undefined` when there is none. */
export function findExecutable(name: string): string | undefined {
  if (name.includes(sep)) return isExecutable(resolve(name)) ? resolve(name) : undefined;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

// Homebrew comes last: on Linux it lives beside the system's own package manager.
const MANAGERS: Readonly<Record<string, Platform>> = {
  "apt-get": "apt",
  dnf: "dnf",
  apk: "apk",
  pacman: "pacman",
  zypper: "zypper",
  brew: "brew",
};

/** A Mac counts as Homebrew's even before Homebrew is installed. */
function detectPlatform(): Platform {
  const found = Object.entries(MANAGERS).find(([command]) => findExecutable(command) !== undefined);
  return found?.[1] ?? (process.platform === "darwin" ? "brew" : "other");
}

/** Whether this process may install software without `sudo`. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Commands as this user types them: root needs no `sudo`, and many containers have none. */
function asUser(commands: readonly string[]): string[] {
  return commands.map((command) => (isRoot() ? command.replaceAll("sudo ", "") : command));
}
