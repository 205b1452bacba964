import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nearest, Stop } from "../runtime/errors.ts";
import { COMMANDS } from "./commands.ts";
import type { CommandProgram } from "./program.ts";

/** Answers what is asked of the program itself: its help, its version. Everything else is no command. */
export function answering(asked: string): { readonly program: CommandProgram } {
  const run = async () => {
    console.log(answer(asked));
    return undefined;
  };
  return { program: { name: "render-redis", run } };
}

function answer(asked: string): string {
  if (asked === "--version" || asked === "-V") return version();
  if (asked === "--help" || asked === "-h" || asked === "help") return usage();
  const like = nearest(asked, Object.keys(COMMANDS));
  const hint = like === undefined ? "See: render-redis --help" : `Did you mean "${like}"?`;
  throw new Stop("misused", `There is no command "${asked}". ${hint}`);
}

function version(): string {
  return JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")).version;
}

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(({ length }) => length));
  const lines = Object.entries(COMMANDS).map(([command, { summary }]) => `  ${command.padEnd(width)}  ${summary}`);
  return [
    "Usage: render-redis <command>, or in a checkout: npm run <command> --",
    "",
    "Provisions a Redis on Render, proves it, and only then points services at it.",
    "",
    ...lines,
    "",
    "render-redis <command> --help tells arguments, options, exit codes and examples.",
  ].join("\n");
}
