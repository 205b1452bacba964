import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import { checkArchive, totalOf } from "../operations/archive.ts";
import type { Store } from "../operations/dumps.ts";
import { type Rule, restore } from "../operations/restore.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { parse } from "./parse.ts";
import type { CommandProgram, Program } from "./program.ts";
import { type About, keysFor, type Limits, namedKeys, placeOf, withLimits, withStore } from "./store.ts";

interface Options extends Limits {
  readonly merge: Rule;
  readonly identity?: string;
  readonly check: boolean;
}

const command = new Command("restore")
  .description("Restores a backup into an empty Redis, and compares each key. Interrupted, the same command goes on.")
  .argument("<file>", "what backup has written")
  .argument("[environment]", "or env:<VARIABLE>, which holds the URL of any Redis")
  .argument("[instance]", "its name in the environment's file; needed where there are several")
  .addOption(
    new Option("--merge <rule>", "into one with keys: of a key that both have, keep the instance's, or replace it")
      .choices(["keep", "replace"])
      .default("none", "only into an empty one"),
  )
  .option("--check", "only read the backup, and check it", false)
  .option("--identity <file>", "age's key, when the backup is encrypted for it");
withLimits(command)
  .addHelpText("after", "\nA passphrase is read from BACKUP_PASSPHRASE.")
  .showHelpAfterError()
  .exitOverride();

export const program: CommandProgram = {
  name: "restore",
  command,
  run: (program) =>
    parse(command, (...args: [string, string | undefined, string | undefined, Options]) => start(program, ...args)),
};

async function start(
  program: Program,
  path: string,
  environment: string | undefined,
  instance: string | undefined,
  options: Options,
): Promise<Outcome> {
  const { identity, check } = options;
  if (!existsSync(path)) throw new Stop("misused", `There is no file ${path}.`);
  const lock = keysFor(program, identity);
  if (check) {
    program.limit(options.deadline);
    const manifest = await checkArchive(path, lock);
    const { instance: from, server, begunAt } = manifest;
    process.stdout.write(`${path}: whole; ${totalOf(manifest)} keys of ${from.name} (${server}), from ${begunAt}\n`);
    return "good";
  }
  if (environment === undefined) throw new Stop("misused", "Name the environment to restore into, or --check.");
  const place = placeOf(environment, instance);
  return withStore(program, place, options, (store, about) => run(store, about, { path, lock, rule: options.merge }));
}

type Request = Omit<Parameters<typeof restore>[1], "onProgress">;

async function run(store: Store, { instance, onProgress }: About, request: Request): Promise<Outcome> {
  const { equal, expired, kept, wrong } = await restore(store, { ...request, onProgress });
  const lines = [
    `${instance.name} (${store.server}): ${equal} keys are as in the backup`,
    ...(expired === 0 ? [] : [`  ${expired} have expired since it was made`]),
    ...(kept === 0 ? [] : [`  ${kept} were kept as the instance has them`]),
    ...(wrong.size === 0 ? [] : [`  ${wrong.size} are not as in the backup:`, ...namedKeys(wrong)]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return wrong.size === 0 ? "good" : "failed";
}
