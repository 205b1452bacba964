import { Command, InvalidArgumentError, Option } from "commander";
import yoctoSpinner from "yocto-spinner";
import { parse } from "../../cli/parse.ts";
import { runProgram } from "../../cli/program.ts";
import { recordEvidence } from "../../operations/evidence.ts";
import { type Outcome, Stop } from "../../runtime/errors.ts";
import { DRILLS } from "./drills.ts";
import { reportDrill } from "./report-drill.ts";
import type { Stage } from "./stage.ts";

const VIEW_INTERVAL_MS = 250;

const names = Object.keys(DRILLS);
const command = new Command("drill")
  .description("Rehearses on this machine what goes wrong with a Redis, while messages come in.")
  .argument("<name>", names.join(", "))
  .addOption(new Option("--seconds <number>", "how long Redis is away").argParser(positive).default(5))
  .addOption(new Option("--times <number>", "how often in a row").argParser(positive).default(1))
  .showHelpAfterError()
  .exitOverride();

runProgram(() => parse(command, drill), { name: "drill" });

async function drill(name: string, { seconds, times }: { seconds: number; times: number }): Promise<Outcome> {
  const rehearsal = DRILLS[name];
  if (rehearsal === undefined) throw new Stop("misused", `<name> must be one of ${names.join(", ")}, got: "${name}".`);
  const begunAt = new Date().toISOString();
  let outcome: Outcome = "good";
  for (let time = 0; time < times; time += 1) {
    const view = openView();
    const result = await rehearsal.run({ seconds, say: view.say, onStage: view.watch }).finally(() => view.close());
    process.stdout.write(reportDrill(name, rehearsal.title, result));
    if (result.missed.length > 0) outcome = "failed";
  }
  if (name === "outage") {
    recordEvidence({
      ...{ operation: "outage-drill", environment: "local", begunAt, endedAt: new Date().toISOString(), outcome },
      summary: `Redis was away for ${seconds} s under load: ${outcome === "good" ? "nothing lost, nothing sent twice" : "targets were missed"}`,
    });
  }
  return outcome;
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
