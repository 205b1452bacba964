import { Command } from "commander";
import { stackPath } from "../environments/define.ts";
import { judge } from "./judge-preflight.ts";
import { parse } from "./parse.ts";
import { intentOf } from "./preflight-intent.ts";
import { runProgram } from "./program.ts";

const command = new Command("preflight")
  .description("Says whether a deploy can begin, and changes nothing. It is also the first step of every deploy.")
  .argument("<environment>")
  .allowExcessArguments(false)
  .showHelpAfterError()
  .exitOverride();

runProgram((program) => parse(command, async (name: string) => judge(await intentOf(name), stackPath(name), program)), {
  name: "preflight",
});
