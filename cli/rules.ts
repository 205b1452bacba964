import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { parse } from "./parse.ts";
import type { CommandProgram } from "./program.ts";
import { formatPolicy } from "./report/policy.ts";

const FILE = join(import.meta.dirname, "..", "docs", "rules.md");

const command = new Command("rules")
  .description("Writes docs/rules.md: the rules of the policy.")
  .allowExcessArguments(false)
  .exitOverride();

export const program: CommandProgram = { name: "rules", command, run: () => parse(command, writeRules) };

async function writeRules(): Promise<undefined> {
  writeFileSync(FILE, formatPolicy());
  console.log("wrote docs/rules.md");
}
