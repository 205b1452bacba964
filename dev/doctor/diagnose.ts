import type { Diagnosis, Finding } from "./diagnosis.ts";
import { findExecutable } from "./find-executable.ts";
import { detectPlatform, isRoot, type Platform } from "./platform.ts";
import { PREREQUISITES, type Prerequisite, type Program } from "./prerequisites.ts";
import { excerpt, probe } from "./probe.ts";
import { isAtLeast } from "./version.ts";

/** Looks for every prerequisite, side by side. Takes at most as long as the slowest program's time limit. */
export async function diagnose(): Promise<Diagnosis> {
  const platform = detectPlatform();
  const findings = await Promise.all(PREREQUISITES.map((prerequisite) => examine(prerequisite, platform)));
  return { ok: findings.every(({ status }) => status === "ok" || status === "warning"), platform, findings };
}

async function examine(prerequisite: Prerequisite, platform: Platform): Promise<Finding> {
  const { id, title, purpose, accepts } = prerequisite;
  const needed = accepts.map(({ product, minimum }) => `${product} ≥ ${minimum}`).join(" or ");
  const install = asUser(prerequisite.install[platform]);
  const base = { id, title, purpose, needed };

  const { variable } = prerequisite;
  const chosen = variable === undefined ? undefined : process.env[variable];
  const names = chosen ? [chosen] : prerequisite.candidates;
  // What is installed anew is not what the variable names.
  const afterwards = chosen ? [`unset ${variable}`] : [];
  const candidates = (await Promise.all(names.map((name) => look(name, prerequisite)))).filter(
    (it) => it !== undefined,
  );
  const programs = candidates.filter((candidate) => "version" in candidate);

  const good = programs.find((program) => isAccepted(program, accepts));
  if (good !== undefined) {
    const caveat = prerequisite.caveat?.(good, install);
    return {
      ...base,
      status: caveat === undefined ? "ok" : "warning",
      found: good,
      problem: caveat?.problem ?? null,
      remedy: [...(caveat?.remedy ?? [])],
    };
  }
  const old = programs[0];
  if (old !== undefined) {
    const problem = `${old.product} ${old.version} at ${old.path} is too old`;
    const upgrade = asUser(prerequisite.upgrade?.[platform]) ?? install;
    return { ...base, status: "too_old", found: old, problem, remedy: [...upgrade, ...afterwards] };
  }
  const broken = candidates.find((candidate) => "problem" in candidate);
  if (broken !== undefined) {
    const problem = `\`${[broken.path, ...prerequisite.versionArguments].join(" ")}\` ${broken.problem}`;
    return { ...base, status: "broken", found: null, problem, remedy: [...install, ...afterwards] };
  }
  if (chosen) {
    const problem = `${variable} is "${chosen}", and there is no such program`;
    return { ...base, status: "missing", found: null, problem, remedy: afterwards };
  }
  return { ...base, status: "missing", found: null, problem: `no ${names.join(" or ")} on the PATH`, remedy: install };
}

interface Broken {
  readonly path: string;
  readonly problem: string;
}

async function look(name: string, prerequisite: Prerequisite): Promise<Program | Broken | undefined> {
  const path = findExecutable(name);
  if (path === undefined) return undefined;
  const answer = await probe(path, prerequisite.versionArguments);
  if ("problem" in answer) return { path, problem: answer.problem };
  const program = prerequisite.read(answer.output, path);
  if (program !== undefined) return { ...program, path };
  const said = excerpt(answer.output);
  return { path, problem: said === "" ? "printed nothing" : `printed no version but "${said}"` };
}

function isAccepted(program: Program, accepts: Prerequisite["accepts"]): boolean {
  return accepts.some(({ product, minimum }) => program.product === product && isAtLeast(program.version, minimum));
}

/** Commands as this user types them: root needs no `sudo`, and many containers have none. */
function asUser(commands: readonly string[]): string[];
function asUser(commands: readonly string[] | undefined): string[] | undefined;
function asUser(commands: readonly string[] | undefined): string[] | undefined {
  return commands?.map((command) => (isRoot() ? command.replaceAll("sudo ", "") : command));
}
