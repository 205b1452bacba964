import { runProgram } from "./program.ts";
import { readCommandLine, USAGE } from "./verify-options.ts";
import { verifyAll } from "./verify-run.ts";

runProgram(
  async (program) => {
    const request = await readCommandLine(process.argv.slice(2), process.env);
    if (request === undefined) process.stdout.write(USAGE);
    else await verifyAll(request, program);
    return "good";
  },
  { name: "The checks" },
);
