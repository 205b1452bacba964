import { Command } from "commander";
import { loadEnvironments } from "../environments/load.ts";
import { pickInstance } from "../environments/pick.ts";
import { copy } from "../operations/copy.ts";
import type { Store } from "../operations/dumps.ts";
import type { Outcome } from "../runtime/errors.ts";
import { visibleName } from "../runtime/text.ts";
import { parse } from "./parse.ts";
import type { CommandProgram, Program } from "./program.ts";
import { type About, type Limits, namedKeys, withLimits, withStore } from "./store.ts";

interface Options extends Limits {
  readonly follow: boolean;
  readonly prefix?: string;
}

const PLACE = "<environment>, <environment>/<instance>, or env:<VARIABLE>, which holds the URL of any Redis";

const command = new Command("copy")
  .description("Copies all keys of a Redis into an empty one, and compares both sides.")
  .argument("<from>", PLACE)
  .argument("<to>", PLACE)
  .option("--follow", "go on while it is in use; then pause its queues, and end when both sides are equal", false)
  .option("--prefix <text>", "only keys whose names begin with it: bull:mail: is one queue");
withLimits(command).showHelpAfterError().exitOverride();

export const program: CommandProgram = {
  name: "copy",
  command,
  run: (program) =>
    parse(command, (from: string, to: string, options: Options) =>
      withStore(program, to, options, (target, other) =>
        withStore(program, from, options, async (source, about) => {
          const producers = await producersOf(from);
          return run(program, [source, about], [target, other], producers, options);
        }),
      ),
    ),
};

async function run(
  { signal }: Program,
  [source, { instance, onProgress }]: [Store, About],
  [target, other]: [Store, About],
  producers: readonly string[],
  { follow, prefix }: Options,
): Promise<Outcome> {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const { sweeps, equal, different, queues } = await copy(source, target, {
    ...{ follow, prefix, signal, onProgress },
    onPaused: (paused) => {
      if (paused.length > 0) say(`Paused at ${instance.name}: ${paused.map(visibleName).join(", ")}.`);
      say(`Stop now what writes to ${instance.name}${producers.length === 0 ? "" : `: ${producers.join(", ")}`}.`);
    },
  });
  const isEqual = different.size === 0;
  const lines = [
    `${instance.name} (${source.server}) → ${other.instance.name} (${target.server})`,
    ...sweeps.map(({ keys, changed }, index) => `  sweep ${index + 1}: ${keys} keys, ${changed} copied or deleted`),
    ...(isEqual
      ? [`  both sides are equal: ${equal} keys`]
      : [`  not equal: ${different.size} keys`, ...namedKeys(different)]),
    ...(isEqual && queues.length > 0
      ? [
          `  ${queues.map(visibleName).join(", ")}: paused at ${instance.name} for good, running at ${other.instance.name}`,
        ]
      : []),
    ...(isEqual || !follow
      ? []
      : ["  Something still writes to the source. Its queues run again. Stop it, and run the same command again."]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return isEqual ? "good" : "failed";
}

/** The services of the environment that use the instance. */
async function producersOf(place: string): Promise<string[]> {
  if (place.startsWith("env:")) return [];
  const [environment = "", instance] = place.split("/");
  const { resolveEnvironment } = await loadEnvironments();
  const described = resolveEnvironment(environment);
  const [key] = pickInstance(described, instance);
  const users = Object.values(described.services).filter(({ uses }) =>
    Object.values(uses).some(({ redis }) => redis === key),
  );
  return users.map(({ name }) => name);
}
