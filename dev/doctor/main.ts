import { Command, CommanderError } from "commander";
import { diagnose } from "./diagnose.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { installRedis, stepsToInstallRedis } from "./install-redis.ts";
import { reportBriefly, reportTable } from "./report.ts";

interface Options {
  readonly install?: true;
  readonly json?: true;
}

const WRONG_USAGE = 2;

const program = new Command("doctor")
  .description("Names what has to be on this machine before anything here runs, and how to get what is missing.")
  .option("--install", "install Redis when it is missing and no password is needed; be brief when all is well")
  .option("--json", "print the diagnosis as JSON on stdout")
  .addHelpText("after", "\nExit codes: 0 all there (warnings included), 1 something is missing, 2 wrong usage.")
  .allowExcessArguments(false)
  .exitOverride();

try {
  program.parse();
  process.exitCode = await run(program.opts<Options>());
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE;
}

async function run(options: Options): Promise<number> {
  const first = await diagnose();
  const diagnosis = options.install ? await withRedis(first) : first;
  if (options.json) console.log(JSON.stringify(diagnosis, undefined, 2));
  else console.log(options.install && diagnosis.ok ? reportBriefly(diagnosis) : reportTable(diagnosis));
  return diagnosis.ok ? 0 : 1;
}

/** The diagnosis after installing Redis, where it is missing and that needs nobody at the keyboard. */
async function withRedis(diagnosis: Diagnosis): Promise<Diagnosis> {
  const isMissing = diagnosis.findings.some(({ id, status }) => id === "redis" && status === "missing");
  const steps = isMissing ? await stepsToInstallRedis(diagnosis.platform) : undefined;
  if (steps === undefined) return diagnosis;
  console.error("Redis is missing and can be installed without a password. Installing it:");
  const failure = await installRedis(steps);
  if (failure !== undefined) console.error(failure.problem);
  return diagnose();
}
