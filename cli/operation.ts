import { InvalidArgumentError, Option } from "commander";
import type { Environment } from "../environments/define.ts";
import { requireOwnRender } from "../environments/emulator-mark.ts";
import { loadEnvironments } from "../environments/load.ts";
import { pickInstance } from "../environments/pick.ts";
import type { Subject } from "../operations/operate.ts";
import { stackDirectory } from "../pipeline/synthesize.ts";
import { ownerIdFrom, RenderClient } from "../render/api/client.ts";
import { expectedInstance } from "../render/instance.ts";
import { jobServicesOf } from "../render/service.ts";
import { InvalidValue } from "../runtime/errors.ts";
import { startProgress } from "../runtime/progress.ts";
import { VANTAGES } from "../vantage/vantage.ts";
import { seconds } from "./parse.ts";
import type { Program } from "./program.ts";
import { type Formats, type ReportRequest, readReport } from "./report/write-reports.ts";

/** `--deadline`, for a command that takes this long at most unless it is told otherwise. */
export function deadlineOption(otherwise: number): Option {
  return new Option("--deadline <seconds>", "the time for everything").argParser(seconds).default(otherwise);
}

/** `--share`: an operation pauses, so that others notice it as little as they are told to. @param otherwise Up to 1. */
export function shareOption(otherwise: number): Option {
  const percent = "of the server's time that it may take";
  return new Option("--share <percent>", percent).argParser(share).default(otherwise, `${otherwise * 100}`);
}

function share(text: string): number {
  const percent = Number(text);
  if (percent > 0 && percent <= 100) return percent / 100;
  throw new InvalidArgumentError("It must be a percentage, above 0 and up to 100.");
}

/** `--vantage`, which is `auto` unless it is said. @param what It does from there. */
export function vantageOption(what: string): Option {
  return new Option("--vantage <where>", what).choices(["auto", ...VANTAGES]);
}

/** `--report`, once for each report. Without it a table. */
export function reportOption<Format extends string>(formats: Formats<never, Format | "table">): Option {
  return new Option("--report <format>[=<file>]", `${Object.keys(formats).join(", ")}; repeatable`)
    .argParser((text, others: unknown) => [...(others === TABLE || !Array.isArray(others) ? [] : others), read(text)])
    .default(TABLE, "table");
  function read(text: string): ReportRequest<Format | "table"> {
    try {
      return readReport(formats, text);
    } catch (error) {
      throw error instanceof InvalidValue ? new InvalidArgumentError(`It ${error.message}`) : error;
    }
  }
}

const TABLE = [{ format: "table", file: undefined }] as const;

/** Where an instance of an environment is found, and from where it is looked at. @param key The instance's. */
export function aimAt(environment: Environment, key: string) {
  const redis = environment.redis[key];
  if (redis === undefined) throw new Error(`${environment.name} has no instance ${key}`);
  return {
    expected: expectedInstance(environment, redis),
    ownerId: ownerIdFrom(process.env),
    stackDirectory: stackDirectory(environment.name),
    ...jobServicesOf(environment.services, key, process.env),
  };
}

/**
 * What an operation's command is about: `<environment> [instance]`.
 *
 * @param instance Its name in the environment's file. Left out, the only one.
 * @param seconds For the whole command.
 * @throws Stop
 */
export async function subjectOf(
  program: Program,
  environment: string,
  instance: string | undefined,
  seconds: number,
): Promise<Subject & { stopProgress(): void }> {
  const deadline = program.limit(seconds);
  const { resolveEnvironment } = await loadEnvironments();
  const described = resolveEnvironment(environment);
  requireOwnRender(described, process.env);
  const [key] = pickInstance(described, instance);
  const progress = await startProgress(process.stderr);
  const onProgress = (text: string) => progress.update(described.name, text);
  const client = RenderClient.fromEnvironment(process.env, {
    deadlineMs: deadline.remainingMs,
    signal: deadline.signal,
    onWait: onProgress,
  });
  return {
    client,
    deadline,
    signal: deadline.signal,
    secrets: program.secrets,
    onProgress,
    ...aimAt(described, key),
    stopProgress: () => progress.stop(),
  };
}
