import { type Command, CommanderError } from "commander";
import { Stop } from "../runtime/errors.ts";
import type { Ending } from "./program.ts";

/**
 * Reads the command line and does what it asks for.
 *
 * @param command Made with `exitOverride()`, and so are its subcommands.
 * @param action What the command itself does, given its arguments and options; nothing when its subcommands do all.
 * @throws Stop without a message when the command line is wrong: Commander has printed what is.
 */
export async function parse<Args extends unknown[]>(
  command: Command,
  action?: (...args: Args) => Promise<Ending | undefined>,
): Promise<Ending | undefined> {
  let ending: Ending | undefined;
  if (action !== undefined) {
    command.action(async (...args: Args) => {
      ending = await action(...args);
    });
  }
  try {
    await command.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new Stop("misused", "");
  }
  return ending;
}
