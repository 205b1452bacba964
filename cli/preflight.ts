import { Command } from "commander";
import { stackDirectory } from "../pipeline/synthesize.ts";
import { judge } from "./judge-preflight.ts";
import { parse } from "./parse.ts";
import { intentOf } from "./preflight-intent.ts";
import type { CommandProgram } from "./program.ts";

const command = new Command("preflight")
  .description("Says whether a deploy can begin, and changes nothing. It is also the first step of every deploy.")
  .argument("<environment>")
  .allowExcessArguments(false)
  .showHelpAfterError()
  .exitOverride();

export const program: CommandProgram = {
  name: "preflight",
  command,
  run: (program) => parse(command, async (name: string) => judge(await intentOf(name), stackDirectory(name), program)),
};
