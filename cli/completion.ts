import { Argument, Command } from "commander";
import { parse } from "./parse.ts";
import type { CommandProgram } from "./program.ts";

const PROGRAM = "render-redis";

/** Each asks `complete` with the words so far, the one that is being written last. */
const SHELLS = {
  bash: `_render_redis() {
  mapfile -t COMPREPLY < <(render-redis complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _render_redis render-redis`,
  zsh: `_render_redis() {
  local -a found
  found=("\${(@f)$(render-redis complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _render_redis render-redis`,
  fish: "complete -c render-redis -f -a '(render-redis complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'",
} as const;

const command = new Command("completion")
  .description("Prints what makes a shell complete these commands, their options and the environments.")
  .addArgument(new Argument("<shell>").choices(Object.keys(SHELLS)))
  .allowExcessArguments(false)
  .exitOverride();

export const program: CommandProgram = {
  name: "completion",
  command,
  run: () =>
    parse(command, async (shell: keyof typeof SHELLS) => {
      console.log(`${functionFor(shell)}\n${SHELLS[shell]}`);
      return undefined;
    }),
};

/** In a checkout the program is on no path. */
function functionFor(shell: keyof typeof SHELLS): string {
  const file = `'${process.argv[1]?.replaceAll("'", String.raw`'\\''`)}'`;
  if (shell === "fish") return `type -q ${PROGRAM}; or function ${PROGRAM}; node ${file} $argv; end`;
  return `command -v ${PROGRAM} >/dev/null || ${PROGRAM}() { node ${file} "$@"; }`;
}
