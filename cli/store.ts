import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { z } from "zod";
import type { Lock } from "../operations/archive.ts";
import { FOR_VALUES, openStore, type Store } from "../operations/dumps.ts";
import { findSubject, operate } from "../operations/operate.ts";
import { parseRedisUrl } from "../redis/address.ts";
import { explain } from "../redis/explanations.ts";
import { RedisFailure } from "../redis/failure.ts";
import { inSession } from "../redis/session.ts";
import { Stop } from "../runtime/errors.ts";
import { startProgress } from "../runtime/progress.ts";
import { visibleName } from "../runtime/text.ts";
import type { Program as Looking } from "../vantage/program.ts";
import { deadlineOption, shareOption, subjectOf } from "./operation.ts";
import type { Program } from "./program.ts";

/** Keys that a report names. */
const MOST_NAMED = 20;

/** What a command works on, and how much it may take. */
export interface Limits {
  readonly deadline: number;
  /** Of the server's time, up to 1. */
  readonly share: number;
}

/** With the options of {@link Limits}. */
export function withLimits(command: Command): Command {
  return command.addOption(deadlineOption(3_600)).addOption(shareOption(0.5));
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
  asked: Program,
  place: string,
  limits: Limits,
  work: (store: Store, about: About) => Promise<T>,
): Promise<T> {
  const variable = /^env:(.*)$/.exec(place)?.[1];
  if (variable !== undefined) return withUrl(asked, variable, limits, work);
  const [environment = "", instance] = place.split("/");
  const subject = await subjectOf(asked, environment, instance, limits.deadline);
  try {
    const found = await findSubject(subject);
    const about = { environment, instance: { id: found.id, name: found.name }, onProgress: subject.onProgress };
    const program: Looking<T> = {
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
  asked: Program,
  variable: string,
  { deadline, share }: Limits,
  work: (store: Store, about: About) => Promise<T>,
): Promise<T> {
  const { signal } = asked.limit(deadline);
  const url = process.env[variable];
  if (url === undefined)
    throw new Stop("misused", `The variable ${visibleName(variable)} must hold the URL of a Redis.`);
  asked.secrets.addUrl(url);
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

/** What opens a backup: `BACKUP_PASSPHRASE`, and the keys of age in a file. @throws Stop */
export function keysFor({ secrets }: Program, file: string | undefined): Pick<Lock, "passphrase" | "identities"> {
  const passphrase = process.env.BACKUP_PASSPHRASE || undefined;
  secrets.add(passphrase);
  try {
    return { passphrase, identities: file === undefined ? undefined : readFileSync(file, "utf8") };
  } catch {
    throw new Stop("misused", `The keys in ${file} cannot be read.`);
  }
}

/** `<environment> [instance]` as one place. */
export function placeOf(environment: string, instance: string | undefined): string {
  return instance === undefined ? environment : `${environment}/${instance}`;
}

/** Some of the keys that are not as they should be, a line each. */
export function namedKeys(keys: ReadonlyMap<string, string>): string[] {
  const lines = [...keys].slice(0, MOST_NAMED).map(([key, why]) => `  ${visibleName(key)}: ${why}`);
  return keys.size > MOST_NAMED ? [...lines, `  and ${keys.size - MOST_NAMED} more`] : lines;
}
