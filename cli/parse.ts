import { Command, CommanderError, InvalidArgumentError } from "commander";
import { Stop } from "../runtime/errors.ts";
import { factsOf, helpOf } from "./commands.ts";
import type { Ending } from "./program.ts";

/** Reads an option that is a number of seconds, a day at most. */
export function seconds(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 86_400) return number;
  throw new InvalidArgumentError("It must be a number of seconds, from 1 to 86400.");
}

/** Reads an option that may be given again. */
export function append<T>(value: T, values: readonly T[] | undefined): readonly T[] {
  return [...(values ?? []), value];
}

/**
 * Reads the command line and does what it asks for. Help says how the command ends, and how it is called.
 *
 * @param command Made with `exitOverride()`, and so are its subcommands.
 * @param action What the command itself does, given its arguments and options; nothing when its subcommands do all.
 * @throws Stop without a message when the command line is wrong: Commander has printed what is.
 */
export async function parse<Args extends unknown[]>(
  command: Command,
  action?: (...args: Args) => Promise<Ending | undefined>,
  args: readonly string[] = process.argv.slice(2),
): Promise<Ending | undefined> {
  const facts = factsOf(command.name());
  if (facts !== undefined) command.addHelpText("after", helpOf(facts));
  refuseSwallowed(command, process.env);
  const root = new Command("render-redis").exitOverride().addCommand(command);
  let ending: Ending | undefined;
  if (action !== undefined) {
    command.action(async (...args: Args) => {
      ending = await action(...args);
    });
  }
  try {
    await root.parseAsync([command.name(), ...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new Stop("misused", "");
  }
  return ending;
}

/** Options of ours that npm has, too, and may have been set to. */
const NPMS_OWN: readonly (string | undefined)[] = ["--json", "--only", "--prefix", "--yes"];

/**
 * Without `--`, npm keeps options for itself, and gives the rest to the script.
 *
 * @throws Stop
 */
function refuseSwallowed(command: Command, env: NodeJS.ProcessEnv): void {
  const script = command.name();
  if (env.npm_lifecycle_event !== script) return;
  const options = [command, ...command.commands].flatMap((one) => one.options.map(({ long }) => long));
  const swallowed = options.filter((long) => {
    return !NPMS_OWN.includes(long) && env[`npm_config_${long?.slice(2).replaceAll("-", "_")}`];
  });
  if (swallowed.length === 0) return;
  throw new Stop("misused", `npm has kept ${swallowed.join(", ")} for itself.`, {
    remedy: `Write \`--\` before what is for the command: npm run ${script} -- …`,
  });
}
