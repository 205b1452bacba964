import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { FOR_VALUES, openStore, type Store } from "../operations/dumps.ts";
import { findSubject, operate } from "../operations/operate.ts";
import { parseRedisUrl } from "../redis/address.ts";
import { explain } from "../redis/explanations.ts";
import { RedisFailure } from "../redis/failure.ts";
import { inSession } from "../redis/session.ts";
import { Stop } from "../runtime/errors.ts";
import { startProgress } from "../runtime/progress.ts";
import { visibleName } from "../runtime/text.ts";
import type { Program } from "../vantage/program.ts";
import { subjectOf } from "./operation.ts";
import { seconds } from "./parse.ts";
import type { Program as Command } from "./program.ts";

/** Keys that a report names. */
const MOST_NAMED = 20;

/** What a command works on, and how much it may take. */
export interface Limits {
  readonly deadline: number;
  /** Of the server's time, up to 1. */
  readonly share: number;
}

/** The options of {@link Limits}. */
export function limitOptions(): Option[] {
  return [
    new Option("--deadline <seconds>", "the time for everything").argParser(seconds).default(3_600),
    new Option("--share <percent>", "of the server's time that it may take").argParser(share).default(0.5, "50"),
  ];
}

function share(text: string): number {
  const percent = Number(text);
  if (percent > 0 && percent <= 100) return percent / 100;
  throw new InvalidArgumentError("It must be a percentage, above 0 and up to 100.");
}

/** Which Redis a store is. */
export interface About {
  readonly environment: string;
  readonly instance: { readonly id: string; readonly name: string };
  readonly onProgress: (text: string) => void;
}

/**
 * Runs something with the values of a Redis, from this machine.
 *
 * @param place `<environment>`, `<environment>/<instance>`, or `env:<VARIABLE>`: the variable holds the URL of any Redis.
 * @throws Stop
 */
export async function withStore<T>(
  command: Command,
  place: string,
  limits: Limits,
  work: (store: Store, about: About) => Promise<T>,
): Promise<T> {
  const variable = /^env:(.*)$/.exec(place)?.[1];
  if (variable !== undefined) return withUrl(command, variable, limits, work);
  const [environment = "", instance] = place.split("/");
  const subject = await subjectOf(command, environment, instance, limits.deadline);
  try {
    const found = await findSubject(subject);
    const about = { environment, instance: { id: found.id, name: found.name }, onProgress: subject.onProgress };
    const program: Program<T> = {
      here: (url, { signal, via }) =>
        inSession({ ...parseRedisUrl(url), via }, { signal, ...FOR_VALUES }, async (connection) =>
          work(await openStore(connection, limits.share, signal), about),
        ),
      script: () => Promise.reject(new Error("values do not go through a job's log")),
      task: {},
      answer: z.custom<T>(),
    };
    return (await operate(program, found, "external", subject)).seen;
  } finally {
    subject.stopProgress();
  }
}

async function withUrl<T>(
  command: Command,
  variable: string,
  { deadline, share }: Limits,
  work: (store: Store, about: About) => Promise<T>,
): Promise<T> {
  const { signal } = command.limit(deadline);
  const url = process.env[variable];
  if (url === undefined)
    throw new Stop("misused", `The variable ${visibleName(variable)} must hold the URL of a Redis.`);
  command.secrets.addUrl(url);
  const progress = await startProgress(process.stderr);
  const onProgress = (text: string) => progress.update(variable, text);
  try {
    const address = parseRedisUrl(url);
    const about = { environment: "-", instance: { id: address.host, name: variable }, onProgress };
    return await inSession(address, { signal, ...FOR_VALUES }, async (connection) =>
      work(await openStore(connection, share, signal), about),
    );
  } catch (error) {
    if (!(error instanceof RedisFailure)) throw error;
    const { what, remedy } = explain(error.kind);
    throw new Stop("unknown", `${variable}: ${what} (${error.kind}).`, { remedy });
  } finally {
    progress.stop();
  }
}

/** What a file of age's keys holds. @throws Stop */
export function identitiesIn(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, "utf8");
  } catch {
    throw new Stop("misused", `The keys in ${path} cannot be read.`);
  }
}

/** Some of the keys that are not as they should be, a line each. */
export function namedKeys(keys: ReadonlyMap<string, string>): string[] {
  const lines = [...keys].slice(0, MOST_NAMED).map(([key, why]) => `  ${visibleName(key)}: ${why}`);
  return keys.size > MOST_NAMED ? [...lines, `  and ${keys.size - MOST_NAMED} more`] : lines;
}
