import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import yoctoSpinner from "yocto-spinner";
import { DRILLS } from "./drills.ts";
import { reportDrill } from "./report-drill.ts";
import type { Stage } from "./stage.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
const VIEW_INTERVAL_MS = 250;

const names = Object.keys(DRILLS);
const program = new Command("drill")
  .description("Rehearses on this machine what goes wrong with a Redis, while messages come in.")
  .argument("<name>", names.join(", "))
  .addOption(new Option("--seconds <number>", "how long Redis is away").argParser(positive).default(5))
  .addOption(new Option("--times <number>", "how often in a row").argParser(positive).default(1))
  .showHelpAfterError()
  .exitOverride()
  .action(async (name: string, { seconds, times }: { seconds: number; times: number }) => {
    const drill = DRILLS[name];
    if (drill === undefined) {
      console.error(`<name> must be one of ${names.join(", ")}, got: "${name}".`);
      process.exitCode = WRONG_USAGE;
      return;
    }
    for (let time = 0; time < times; time += 1) {
      const view = openView();
      const result = await drill.run({ seconds, say: view.say, onStage: view.watch }).finally(() => view.close());
      process.stdout.write(reportDrill(name, drill.title, result));
      if (result.missed.length > 0) process.exitCode = FAILED;
    }
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE;
  else {
    console.error(error instanceof Error ? error.message : "failed");
    process.exitCode = FAILED;
  }
}

/** A line that lives on a terminal; elsewhere a line for each step. */
function openView() {
  const live = process.stderr.isTTY === true;
  const spinner = live ? yoctoSpinner({ stream: process.stderr }).start() : undefined;
  let step = "";
  let stage: Stage | undefined;
  const show = () => {
    if (spinner !== undefined) spinner.text = stage === undefined ? step : `${step} · ${counts(stage)}`;
  };
  const timer = setInterval(show, VIEW_INTERVAL_MS);
  return {
    say(line: string) {
      step = line;
      if (live) show();
      else console.error(line);
    },
    watch(watched: Stage) {
      stage = watched;
    },
    close() {
      clearInterval(timer);
      spinner?.stop();
    },
  };
}

function counts({ load, sink }: Stage): string {
  const { messages } = load;
  const sent = messages.filter(({ id }) => sink.times(id) > 0).length;
  const last = messages.at(-1);
  return `${messages.length} accepted, ${sent} sent, ${last?.mode ?? ""} ${last?.latencyMs.toFixed(0) ?? ""} ms`;
}

function positive(text: string): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number > 0 && number <= 600) return number;
  throw new InvalidArgumentError(`It must be a number up to 600, got: "${text}".`);
}
