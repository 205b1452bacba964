import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { addFaultCommands, addRequestsCommand } from "./faults.ts";
import { start } from "./start.ts";

const FAILED = 1;
const WRONG_USAGE = 2;

interface Options {
  readonly directory: string;
}

interface RunOptions {
  readonly port?: number;
  readonly provider: "local" | "registry";
  readonly rateLimits: "render" | "off";
  readonly delay: number;
  readonly untilStdinEnds?: boolean;
}

const program = new Command("local")
  .description("Render on this machine: its API, and a real Redis behind every instance")
  .option("--directory <path>", "where it keeps its state", ".local")
  .showHelpAfterError()
  .exitOverride();

program
  .command("run", { isDefault: true })
  .description("run until stopped (the default)")
  .addOption(new Option("--port <number>", "the API's port; default: that of the last run, or any").argParser(number))
  .addOption(
    new Option("--provider <whose>", "the Terraform provider: this project's, or Render's own")
      .choices(["local", "registry"])
      .default("local"),
  )
  .addOption(
    new Option("--rate-limits <which>", "refuse calls beyond Render's limits, or never")
      .choices(["render", "off"])
      .default("render"),
  )
  .addOption(
    new Option("--delay <milliseconds>", "how long an instance takes to be created").argParser(number).default(1_000),
  )
  .option("--until-stdin-ends", "stop when the standard input ends, as when whoever started this is gone")
  .action(({ port, provider, rateLimits, delay, untilStdinEnds }: RunOptions) => {
    const { directory } = program.opts<Options>();
    return start({
      directory,
      provider,
      rateLimits,
      creationDelayMs: delay,
      ...(port === undefined ? {} : { port }),
      ...(untilStdinEnds ? { until: process.stdin } : {}),
    });
  });

const directory = () => program.opts<Options>().directory;
addFaultCommands(program, directory);
addRequestsCommand(program, directory);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
  console.error(error instanceof Error ? error.message : "failed");
  return FAILED;
}

function number(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`It must be a whole number, got: "${text}".`);
  return Number(text);
}
