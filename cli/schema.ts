import { Command } from "commander";
import { z } from "zod";
import { jsonReportSchema } from "../checks/report.ts";
import { parse } from "./parse.ts";
import type { CommandProgram } from "./program.ts";

const command = new Command("schema")
  .description("Prints the JSON schema of what `verify --report json` writes.")
  .allowExcessArguments(false)
  .exitOverride();

export const program: CommandProgram = { name: "schema", command, run: () => parse(command, printSchema) };

async function printSchema(): Promise<undefined> {
  const schema = {
    $id: "report.schema.json",
    title: "Report of the Redis checks",
    ...z.toJSONSchema(jsonReportSchema),
  };
  console.log(JSON.stringify(schema, null, 2));
}
