import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderPolicy } from "./report/review/policy.ts";

const FILE = join(import.meta.dirname, "..", "docs", "rules.md");

writeFileSync(FILE, renderPolicy());
console.log("wrote docs/rules.md");
