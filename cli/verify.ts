import type { CommandProgram } from "./program.ts";
import { readVerify, verifyCommand } from "./verify-command.ts";
import { requestOf } from "./verify-options.ts";
import { verifyAll } from "./verify-run.ts";

export const program: CommandProgram = {
  name: "The checks",
  command: verifyCommand(),
  run: (program) =>
    readVerify(process.argv.slice(2), async (names, values) => {
      await verifyAll(await requestOf(names, values, process.env), program);
    }),
};
