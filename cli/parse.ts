import { type Command, CommanderError } from "commander";
import { Stop } from "../runtime/errors.ts";

/**
 * Reads the command line and runs the action that it asks for. Its commands must have been made with `exitOverride()`.
 *
 * @throws Stop without a message when the command line is wrong: Commander has printed what is.
 */
export async function parse(command: Command): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new Stop("misused", "");
  }
}
