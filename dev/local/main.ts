import { Command, InvalidArgumentError, Option } from "commander";
import { parse } from "../../cli/parse.ts";
import { runProgram } from "../../cli/program.ts";
import { addFaultCommands, addRequestsCommand } from "./faults.ts";
import { start } from "./start.ts";

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

const command = new Command("local")
  .description("Render on this machine: its API, and a real Redis behind every instance")
  .option("--directory <path>", "where it keeps its state", ".local")
  .showHelpAfterError()
  .exitOverride();

const run = command
  .command("run", { isDefault: true })
  .description("run until stopped (the default)")
  .addOption(
    new Option("--port <number>", "the API's port; default: that of the last run, or any").argParser(portNumber),
  )
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
  .option("--until-stdin-ends", "stop when the standard input ends, as when whoever started this is gone");

const directory = () => command.opts<Options>().directory;
addFaultCommands(command, directory);
addRequestsCommand(command, directory);

runProgram(
  (program) => {
    run.action(({ port, provider, rateLimits, delay, untilStdinEnds }: RunOptions) =>
      start(program.signal, {
        directory: directory(),
        provider,
        rateLimits,
        creationDelayMs: delay,
        ...(port === undefined ? {} : { port }),
        ...(untilStdinEnds ? { until: process.stdin } : {}),
      }),
    );
    return parse(command);
  },
  { name: "local", ends: "when done or asked twice" },
);

function number(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`It must be a whole number, got: "${text}".`);
  return Number(text);
}

function portNumber(text: string): number {
  const port = number(text);
  if (port < 1 || port > 65_535) throw new InvalidArgumentError(`It must be a port, 1 to 65535, got: "${text}".`);
  return port;
}
