import { mkdirSync, writeFileSync } from "node:fs";
import { formatAlertRules } from "../operations/alert-rules.ts";
import { dashboard } from "../operations/dashboard.ts";
import { jsonText } from "../runtime/text.ts";
import type { CommandProgram } from "./program.ts";

const DIRECTORY = "docs/monitoring";

export const program: CommandProgram = {
  name: "alerts",
  run: async () => {
    mkdirSync(DIRECTORY, { recursive: true });
    const files = { "alerts.yml": formatAlertRules(), "dashboard.json": jsonText(dashboard()) };
    for (const [name, text] of Object.entries(files)) writeFileSync(`${DIRECTORY}/${name}`, text);
    console.log(`wrote ${Object.keys(files).join(" and ")} into ${DIRECTORY}`);
  },
};
