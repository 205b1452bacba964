import { z } from "zod";
import { jsonReportSchema } from "../checks/report.ts";
import { runProgram } from "./program.ts";

runProgram(printSchema, { name: "schema" });

async function printSchema(): Promise<undefined> {
  const schema = {
    $id: "report.schema.json",
    title: "Report of the Redis checks",
    ...z.toJSONSchema(jsonReportSchema),
  };
  console.log(JSON.stringify(schema, null, 2));
}
