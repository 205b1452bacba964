import { Command, InvalidArgumentError, Option } from "commander";
import { baseline } from "../operations/baseline.ts";
import { BASELINE_FORMATS, GOAL, gainOf } from "../operations/baseline-report.ts";
import { recordEvidence } from "../operations/evidence.ts";
import { findSubject, operate } from "../operations/operate.ts";
import type { Vantage } from "../vantage/vantage.ts";
import { deadlineOption, reportOption, subjectOf, vantageOption } from "./operation.ts";
import { parse } from "./parse.ts";
import type { CommandProgram, Ending, Program } from "./program.ts";
import { type ReportRequest, writeReports } from "./report/write-reports.ts";

interface Options {
  readonly latency: number;
  readonly workers: number;
  readonly deadline: number;
  readonly vantage: Vantage | "auto";
  readonly report: readonly ReportRequest<keyof typeof BASELINE_FORMATS>[];
}

const command = new Command("baseline")
  .description(
    "Measures a Redis as a queue of messages, on keys of its own: synchronous against queued, and its limits.",
  )
  .argument("<environment>")
  .argument("[instance]", "its name in the environment's file; needed where there are several")
  .addOption(
    new Option("--latency <milliseconds>", "what a call of the provider takes").argParser(upTo(10_000)).default(1_000),
  )
  .addOption(new Option("--workers <number>", "that send messages at a time").argParser(upTo(100)).default(10))
  .addOption(deadlineOption(120))
  .addOption(vantageOption("where it measures from").default("auto"))
  .addOption(reportOption(BASELINE_FORMATS))
  .showHelpAfterError()
  .exitOverride();

export const program: CommandProgram = {
  name: "baseline",
  command,
  run: (program) =>
    parse(command, (environment: string, name: string | undefined, options: Options) =>
      run(program, environment, name, options),
    ),
};

async function run(
  program: Program,
  environment: string,
  name: string | undefined,
  { latency, workers, deadline, vantage, report }: Options,
): Promise<Ending> {
  const begunAt = new Date().toISOString();
  const subject = await subjectOf(program, environment, name, deadline);
  const instance = await findSubject(subject);
  const { seen, vantage: from } = await operate(baseline({ latencyMs: latency, workers }), instance, vantage, subject);
  subject.stopProgress();
  const about = { environment: subject.expected.environment, instance: { id: instance.id, name: instance.name } };
  recordEvidence({
    ...about,
    ...{ operation: "baseline", begunAt, endedAt: new Date().toISOString(), outcome: "good", facts: { ...seen } },
    summary: `${seen.queued.perMinute} messages a minute queued, ${gainOf(seen).toFixed(1)} times as many as without; goal ${GOAL}`,
  });
  writeReports(BASELINE_FORMATS, report, { ...about, vantage: from, baseline: seen }, subject.secrets);
  return "good";
}

function upTo(most: number) {
  return (text: string) => {
    const number = Number(text);
    if (Number.isInteger(number) && number > 0 && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number, from 1 to ${most}.`);
  };
}
