import { statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { jsonReportSchema } from "../checks/report.ts";
import { buildChecks } from "./bundle/build.ts";
import { runProgram } from "./program.ts";

const dist = (name: string) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

runProgram(makeChecks, { name: "build:checks" });

async function makeChecks(): Promise<undefined> {
  await buildChecks(dist("checks.cjs"));
  const schema = {
    $id: "report.schema.json",
    title: "Report of the Redis checks",
    ...z.toJSONSchema(jsonReportSchema),
  };
  writeFileSync(dist("report.schema.json"), `${JSON.stringify(schema, null, 2)}\n`);
  console.log(`dist/checks.cjs, ${Math.round(statSync(dist("checks.cjs")).size / 1024)} KB`);
  return undefined;
}
