import { Command } from "commander";
import { readEvidence, recordEvidence } from "../operations/evidence.ts";
import { inspecting } from "../operations/inspect-program.ts";
import { factsOf, INSPECT_FORMATS, judgeInspection } from "../operations/inspect-report.ts";
import { findSubject, operate } from "../operations/operate.ts";
import type { Vantage } from "../vantage/vantage.ts";
import { deadlineOption, reportOption, shareOption, subjectOf, vantageOption } from "./operation.ts";
import { parse } from "./parse.ts";
import type { CommandProgram, Ending, Program } from "./program.ts";
import { type ReportRequest, writeReports } from "./report/write-reports.ts";

interface Options {
  readonly all: boolean;
  readonly share: number;
  readonly deadline: number;
  readonly vantage: Vantage | "auto";
  readonly report: readonly ReportRequest<keyof typeof INSPECT_FORMATS>[];
}

const command = new Command("inspect")
  .description("Says what takes the memory of a Redis: by queue and state, by names, and what would free it.")
  .argument("<environment>")
  .argument("[instance]", "its name in the environment's file; needed where there are several")
  .option("--all", "measure every key, not some of each kind", false)
  .addOption(shareOption(0.1))
  .addOption(deadlineOption(300))
  .addOption(vantageOption("where it looks from").default("auto"))
  .addOption(reportOption(INSPECT_FORMATS))
  .showHelpAfterError()
  .exitOverride();

export const program: CommandProgram = {
  name: "inspect",
  command,
  run: (program) =>
    parse(command, (environment: string, name: string | undefined, options: Options) =>
      run(program, environment, name, options),
    ),
};

async function run(program: Program, environment: string, name: string | undefined, options: Options): Promise<Ending> {
  const { all, share, deadline, vantage, report } = options;
  const begunAt = new Date().toISOString();
  const subject = await subjectOf(program, environment, name, deadline);
  const instance = await findSubject(subject);
  const inspection = inspecting({ all, share }, subject.deadline.remainingMs);
  const { seen, vantage: from } = await operate(inspection, instance, vantage, subject);
  subject.stopProgress();
  const about = { environment: subject.expected.environment, instance: { id: instance.id, name: instance.name } };
  const judged = judgeInspection(seen, readEvidence({ ...about, operation: "inspect", instanceId: instance.id }));
  const outcome = seen.write === "OK" ? "good" : "failed";
  recordEvidence({
    ...about,
    ...{ operation: "inspect", begunAt, endedAt: seen.takenAt, outcome, facts: factsOf(seen) },
    summary: `${seen.keys.seen} of ${seen.keys.total} keys seen, sizes ${seen.sizes}`,
  });
  writeReports(INSPECT_FORMATS, report, { ...about, vantage: from, inspection: seen, ...judged }, subject.secrets);
  return outcome;
}
