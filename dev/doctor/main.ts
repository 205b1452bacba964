import { Command } from "commander";
import yoctoSpinner from "yocto-spinner";
import { parse } from "../../cli/parse.ts";
import { runProgram } from "../../cli/program.ts";
import { plansAsOf } from "../../render/plans.ts";
import { runChild } from "../../runtime/child-process.ts";
import { colors } from "../../runtime/colors.ts";
import { within } from "../../runtime/wait.ts";
import { ask, type Diagnosis, diagnose, type Examination, excerpt, findExecutable, isRoot } from "./diagnose.ts";
import type { Platform } from "./prerequisites.ts";

// picocolors also colours in CI logs and when FORCE_COLOR is set; a file or a pipe gets plain text here.
const SIGNS: Readonly<Record<Diagnosis["status"], string>> = {
  ok: colors.green("✔"),
  warning: colors.yellow("!"),
  missing: colors.red("✘"),
  too_old: colors.red("✘"),
  broken: colors.red("✘"),
};

/** Characters of each column but the first, which holds the sign: 80 in all. */
const WIDTHS = [10, 20, 20, 22];

const ENV = "/usr/bin/env";
/** Milliseconds for one step of an installation: a slow mirror is waited for, a dead one is not. */
const STEP_TIME_LIMIT_MS = 10 * 60_000;
const LAST_LINES = 10;

interface Step {
  readonly command: readonly [file: string, ...args: string[]];
  /** Whether the next step may succeed though this one failed. */
  readonly optional?: boolean;
}

interface Options {
  readonly install?: true;
  readonly json?: true;
}

runProgram(
  async ({ signal }) => {
    let examination: Examination | undefined;
    const command = new Command("doctor")
      .description("Lists what this machine needs to run this project, and how to get what is missing.")
      .option("--install", "install Redis when it is missing and no password is needed; be brief when all is well")
      .option("--json", "print the diagnosis as JSON on stdout")
      .addHelpText("after", "\nExit codes: 0 all there (warnings included), 1 something is missing, 2 wrong usage.")
      .allowExcessArguments(false)
      .exitOverride()
      .action(async ({ install, json }: Options) => {
        const first = await diagnose();
        examination = install ? await withRedis(first, signal) : first;
        if (json) console.log(JSON.stringify(examination, undefined, 2));
        else console.log(install && examination.ok ? formatBriefly(examination) : formatTable(examination));
      });
    await parse(command);
    return examination?.ok === false ? "failed" : "good";
  },
  { name: "The doctor" },
);

/** The whole examination for people: a table at most 80 columns wide, then what to do about each problem. */
function formatTable(examination: Examination): string {
  const rows = examination.findings.flatMap((diagnosis) =>
    row(
      SIGNS[diagnosis.status],
      [diagnosis.title, found(diagnosis), diagnosis.needed, diagnosis.purpose],
      (text, column) => (column === 0 ? colors.bold(text) : text),
    ),
  );
  const known = `Render's plans and prices are known as of ${plansAsOf(new Date())}.`;
  const heading = row(" ", ["", "found", "needed", "used for"], colors.dim);
  return [...heading, ...rows, ...remedies(examination), "", known].join("\n");
}

/** A row of the table, as the lines that its longest cell needs. */
function row(sign: string, cells: readonly string[], style: (text: string, column: number) => string): string[] {
  const wrapped = cells.map((cell, column) => {
    const fitting = new RegExp(`\\S.{0,${(WIDTHS[column] ?? 0) - 1}}(?= |$)`, "g");
    return cell.match(fitting) ?? [];
  });
  return Array.from({ length: Math.max(...wrapped.map(({ length }) => length)) }, (_, line) => {
    const texts = wrapped.map((lines, column) => {
      const text = lines[line] ?? "";
      return style(text, column) + " ".repeat((WIDTHS[column] ?? 0) + 1 - text.length);
    });
    return `${line === 0 ? sign : " "} ${texts.join("")}`.trimEnd();
  });
}

/** A healthy examination in one line, for commands that look before they start; its warnings follow. */
function formatBriefly(examination: Examination): string {
  return [`${examination.findings.map(found).join(", ")}: ready`, ...remedies(examination)].join("\n");
}

function found({ found, status }: Diagnosis): string {
  if (found === null) return status;
  const program = `${found.product} ${found.version}`;
  return status === "too_old" ? `${program}, too old` : program;
}

function remedies({ findings }: Examination): string[] {
  return findings.flatMap(({ status, title, problem, remedy }) => {
    if (problem === null) return [];
    const heading = `${SIGNS[status]} ${colors.bold(title)}: ${problem}.${remedy.length === 0 ? "" : " Remedy:"}`;
    return ["", heading, ...remedy.map((command) => `    ${command}`)];
  });
}

/** The examination after installing Redis, where it is missing and the installation asks for nothing. */
async function withRedis(examination: Examination, signal: AbortSignal): Promise<Examination> {
  const isMissing = examination.findings.some(({ id, status }) => id === "redis" && status === "missing");
  const steps = isMissing ? await stepsToInstallRedis(examination.platform) : undefined;
  if (steps === undefined) return examination;
  console.error("Redis is missing and can be installed without a password. Installing it:");
  const problem = await install(steps, signal);
  if (problem !== undefined) console.error(problem);
  return diagnose();
}

/**
 * The steps that install Redis on this machine without asking for a password; `undefined` when there is no such way.
 *
 * Debian's package starts a server on port 6379 and at every boot. Only the program is wanted, so the server is neither
 * started nor left enabled.
 */
async function stepsToInstallRedis(platform: Platform): Promise<readonly Step[] | undefined> {
  // Homebrew refuses to run as root.
  if (platform === "brew") {
    return isRoot() || findExecutable("brew") === undefined ? undefined : [{ command: ["brew", "install", "redis"] }];
  }
  if (platform !== "apt" || !(isRoot() || (await hasPasswordlessSudo()))) return undefined;
  // The variables are given through env because sudo drops them.
  const asRoot = (variables: readonly string[], ...command: readonly string[]): Step["command"] =>
    isRoot() ? [ENV, ...variables, ...command] : ["sudo", "-n", ENV, ...variables, ...command];
  // systemctl leaves the running system alone when offline, and System V's scripts start nothing in runlevel 1.
  const quietly = ["DEBIAN_FRONTEND=noninteractive", "SYSTEMD_OFFLINE=1", "RUNLEVEL=1"];
  return [
    // One unreachable source among many fails the update, though the package may well be in another.
    { command: asRoot([], "apt-get", "update"), optional: true },
    { command: asRoot(quietly, "apt-get", "install", "-y", "--no-install-recommends", "redis-server") },
    { command: asRoot([], "update-rc.d", "redis-server", "disable"), optional: true },
  ];
}

async function hasPasswordlessSudo(): Promise<boolean> {
  const sudo = findExecutable("sudo");
  return sudo !== undefined && "output" in (await ask(sudo, ["-n", "true"]));
}

/** Takes the steps, showing each on stderr. Gives why it stopped, with the end of the failed step's output. */
async function install(steps: readonly Step[], interrupted: AbortSignal): Promise<string | undefined> {
  for (const { command, optional } of steps) {
    const [file, ...args] = command;
    // Without env and the variables: what a person would type.
    const title = command.filter((word) => word !== ENV && !/^[A-Z_]+=/.test(word)).join(" ");
    const progress = showProgress(title);
    const lines: string[] = [];
    const ending = await within(
      STEP_TIME_LIMIT_MS,
      async (signal) => {
        const onLine = (line: string) => {
          lines.push(line);
          progress.heard(line);
        };
        const { code } = await runChild(file, args, { signal, onLine });
        if (code === 0) return undefined;
        return signal.aborted ? `took more than ${STEP_TIME_LIMIT_MS / 60_000} minutes` : "failed";
      },
      interrupted,
    );
    progress.ended(ending === undefined);
    if (ending === undefined || optional) continue;
    return [`\`${title}\` ${ending}:`, ...lines.slice(-LAST_LINES)].join("\n  ");
  }
  return undefined;
}

/** Shows on stderr that a step is under way: a spinner with its last line at a prompt, plain lines in a log. */
function showProgress(title: string) {
  const started = performance.now();
  const spinner = process.stderr.isTTY ? yoctoSpinner({ text: title, stream: process.stderr }).start() : undefined;
  if (spinner === undefined) process.stderr.write(`  ${title}\n`);
  return {
    heard(line: string) {
      if (spinner !== undefined && excerpt(line) !== "") spinner.text = `${title}\n  ${excerpt(line)}`;
    },
    ended(well: boolean) {
      const seconds = Math.round((performance.now() - started) / 1_000);
      const text = `${well ? "done" : "failed"} after ${seconds} s: ${title}`;
      if (spinner === undefined) process.stderr.write(`  ${text}\n`);
      else if (well) spinner.success(text);
      else spinner.error(text);
    },
  };
}
