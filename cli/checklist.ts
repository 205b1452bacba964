import { Command } from "commander";
import { outcomeOf } from "../checks/verdict.ts";
import { checklistOf } from "../operations/checklist.ts";
import { CHECKLIST_FORMATS } from "../operations/checklist-report.ts";
import { readEvidence, recordEvidence } from "../operations/evidence.ts";
import { startProgress } from "../runtime/progress.ts";
import { deadlineOption, reportOption } from "./operation.ts";
import { parse } from "./parse.ts";
import type { CommandProgram, Ending, Program } from "./program.ts";
import { type ReportRequest, writeReports } from "./report/write-reports.ts";
import { requestOf } from "./verify-options.ts";
import { Runs } from "./verify-run.ts";

interface Options {
  readonly deadline: number;
  readonly report: readonly ReportRequest<keyof typeof CHECKLIST_FORMATS>[];
}

const command = new Command("checklist")
  .description("Ticks the list of success, each line by evidence; what is missing it says how to get. Runs the checks.")
  .argument("<environment>")
  .addOption(deadlineOption(300))
  .addOption(reportOption(CHECKLIST_FORMATS))
  .showHelpAfterError()
  .exitOverride();

export const program: CommandProgram = {
  name: "checklist",
  command,
  run: (program) => parse(command, (environment: string, options: Options) => run(program, environment, options)),
};

async function run(program: Program, environment: string, { deadline: seconds, report }: Options): Promise<Ending> {
  program.limit(seconds);
  const begunAt = new Date().toISOString();
  const request = await requestOf([environment], {}, process.env);
  const progress = await startProgress(process.stderr);
  const runs = new Runs(request, program, progress);
  await runs.run();
  progress.stop();
  const reports = runs.reports();
  const takenAt = new Date();
  const outcome = outcomeOf(reports);
  const results = reports.flatMap((each) => each.results);
  const path = recordEvidence({
    ...{ operation: "checks", environment, begunAt, endedAt: takenAt.toISOString(), outcome },
    summary: `${results.filter(({ status }) => status === "pass").length} of ${results.length} checks passed`,
    facts: { results: Object.fromEntries(results.map(({ id, status }) => [id, status])) },
  });
  const lines = checklistOf({ environment, reports, path, now: takenAt });
  const drawn = reports
    .flatMap(({ instance }) =>
      (["inspect", "baseline"] as const).map((operation) =>
        readEvidence({ environment, operation, instanceId: instance?.id }),
      ),
    )
    .filter((found) => found !== undefined);
  writeReports(
    CHECKLIST_FORMATS,
    report,
    { environment, takenAt: takenAt.toISOString(), lines, reports, drawn },
    program.secrets,
  );
  if (outcome === "failed" || outcome === "misused") return outcome;
  return lines.every(({ ticked }) => ticked) ? "good" : "unknown";
}
