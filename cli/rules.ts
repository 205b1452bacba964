import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { parse } from "./parse.ts";
import type { CommandProgram } from "./program.ts";
import { formatEnvironmentReference } from "./report/environment-reference.ts";
import { formatPolicy } from "./report/policy.ts";

const DOCS = join(import.meta.dirname, "..", "docs");

const command = new Command("rules")
  .description("Writes docs/rules.md, the rules of the policy, and docs/environment.md, the fields of an environment.")
  .allowExcessArguments(false)
  .exitOverride();

export const program: CommandProgram = { name: "rules", command, run: () => parse(command, writeRules) };

async function writeRules(): Promise<undefined> {
  writeFileSync(join(DOCS, "rules.md"), formatPolicy());
  writeFileSync(join(DOCS, "environment.md"), formatEnvironmentReference());
  console.log("wrote docs/rules.md and docs/environment.md");
}
