import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatPolicy } from "./report/policy.ts";

const FILE = join(import.meta.dirname, "..", "docs", "rules.md");

writeFileSync(FILE, formatPolicy());
console.log("wrote docs/rules.md");
