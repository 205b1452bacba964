import { loadEnvironments } from "../environments/load.ts";
import { COMMANDS, type CommandName } from "./commands.ts";
import type { CommandProgram } from "./program.ts";

/** Nothing of a command that is not built: it starts when it is loaded. */
type Load = (command: CommandName) => Promise<{ readonly program?: CommandProgram }>;

/** Prints what may come next, a line each: for a shell. The last word is the one that is being written. */
export function completing(load: Load): { readonly program: CommandProgram } {
  const run = async () => {
    const [name = "", ...words] = process.argv.slice(2);
    const begun = words.at(-1) ?? name;
    const candidates = words.length === 0 ? Object.keys(COMMANDS) : await candidatesFor(name, words, load);
    for (const candidate of candidates) if (candidate.startsWith(begun)) console.log(candidate);
    return undefined;
  };
  return { program: { name: "complete", run } };
}

async function candidatesFor(name: string, words: readonly string[], load: Load): Promise<readonly string[]> {
  const command = isCommand(name) ? (await load(name)).program?.command : undefined;
  if (command === undefined) return [];
  const before = command.options.find(({ long }) => long === words.at(-2));
  if (before?.required) return before.argChoices ?? [];
  if (words.at(-1)?.startsWith("-")) return [...command.options.flatMap(({ long }) => long ?? []), "--help"];
  const [argument] = command.registeredArguments;
  if (argument?.name() !== "environment") return argument?.argChoices ?? [];
  return (await loadEnvironments()).resolveEnvironments().map((environment) => environment.name);
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
