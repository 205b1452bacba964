import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "./program.ts";
import { formatPolicy } from "./report/policy.ts";

const FILE = join(import.meta.dirname, "..", "docs", "rules.md");

runProgram(writeRules, { name: "rules" });

async function writeRules(): Promise<undefined> {
  writeFileSync(FILE, formatPolicy());
  console.log("wrote docs/rules.md");
}
