import { type Command, CommanderError, InvalidArgumentError } from "commander";
import { Stop } from "../runtime/errors.ts";
import type { Ending } from "./program.ts";

/** Reads an option that is a number of seconds, a day at most. */
export function seconds(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 86_400) return number;
  throw new InvalidArgumentError("It must be a number of seconds, from 1 to 86400.");
}

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
