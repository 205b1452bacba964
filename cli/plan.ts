import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { type PlanRequest, planEnvironment } from "../pipeline/plan.ts";
import { failedReview, type Review } from "../pipeline/review/review.ts";
import { PLAN_EXIT_CODES, worstVerdict } from "../pipeline/review/verdict.ts";
import { stackDirectory, synthesize } from "../pipeline/synthesize.ts";
import { atMost } from "../runtime/at-most.ts";
import { EXIT_CODES, InvalidValue, Stop } from "../runtime/errors.ts";
import { type Progress, startProgress } from "../runtime/progress.ts";
import { append, parse, seconds } from "./parse.ts";
import { refusalsOf, requireCredentials } from "./preflight-intent.ts";
import type { CommandProgram, Program } from "./program.ts";
import { REVIEW_FORMATS, type ReviewFormat } from "./report/review/reports.ts";
import { type ReportRequest, readReport, writeReports } from "./report/write-reports.ts";

/** Terraforms at a time: with their providers they are what takes memory. */
const AT_ONCE = 2 * availableParallelism();

interface Options {
  readonly destroy?: true;
  readonly refreshOnly?: true;
  readonly replace?: readonly string[];
  readonly deadline: number;
  readonly ack?: readonly string[];
  readonly report?: readonly ReportRequest<ReviewFormat>[];
}

const command = new Command("plan")
  .description(
    "Plans environments, saves each plan for `npm run apply`, and tells in an operator's words what it would do.",
  )
  .argument("<environment...>", "the environments, planned side by side, twice as many at a time as there are cores")
  .option("--refresh-only", "only look what somebody changed outside Terraform; saves nothing")
  .option("--destroy", "plan the removal of everything in the environment")
  .option("--replace <address>", "replace a resource although nothing asks for it; repeatable", append<string>)
  .option("--deadline <seconds>", "the time for everything; Terraform is then stopped", seconds, 600)
  .option(
    "--ack <kind:address>",
    "acknowledge what is not this project's and runs while Terraform plans; repeatable",
    append<string>,
  )
  .option(
    "--report <format[=file]>",
    "table (default), markdown, json, sarif or github (annotations); repeatable, without a file to standard output; in GitHub Actions the Markdown also goes to the step summary",
    (text: string, requests: readonly ReportRequest<ReviewFormat>[] | undefined) =>
      append(reportOption(text), requests),
  )
  .exitOverride();

// Wrong usage is 1, too: 2 means changes, which a pipeline then applies.
export const program: CommandProgram = {
  name: "plan",
  misused: EXIT_CODES.failed,
  command,
  run: (program) => parse(command, (names: readonly string[], options: Options) => plan(names, options, program)),
};

async function plan(given: readonly string[], options: Options, program: Program): Promise<number> {
  const {
    refreshOnly,
    destroy,
    deadline,
    replace = [],
    ack = [],
    report = [{ format: "table", file: undefined }],
  } = options;
  const names = [...new Set(given)];
  if (refreshOnly && (destroy || options.replace)) {
    throw new Stop("misused", "--refresh-only plans no change, so it goes with neither --destroy nor --replace.");
  }
  program.limit(deadline);
  requireCredentials(process.env);
  const mode = refreshOnly ? "refresh-only" : destroy ? "destroy" : "change";
  const progress = await startProgress(process.stderr);
  const planned = await planAll(names, { mode, replace, ack }, progress, program).finally(() => progress.stop());
  const stops = planned.filter((one) => one instanceof Stop);
  const reviews = planned.map((one, index) =>
    one instanceof Stop ? failedReview(names[index] ?? "", mode, one.message) : one,
  );
  // What stopped is said by the program; only who asked for a report is told so in it.
  writeReports(REVIEW_FORMATS, stops.length > 0 ? (options.report ?? []) : report, reviews, program.secrets);
  const worst = stops.find(({ outcome }) => outcome !== "unknown") ?? stops[0];
  if (worst !== undefined) throw worst;
  return PLAN_EXIT_CODES[worstVerdict(reviews)];
}

/** A review of each environment, in their order; or why there is none. */
async function planAll(
  names: readonly string[],
  what: Pick<PlanRequest, "mode" | "replace" | "ack">,
  progress: Progress,
  { onInterruption, finish, signal }: Program,
): Promise<(Review | Stop)[]> {
  const preflight = (environment: string) => refusalsOf(environment, stackDirectory(environment), signal);
  const stacks = await synthesize(names).catch(stopOf);
  if (stacks instanceof Stop) return names.map(() => stacks);
  return atMost(AT_ONCE, stacks, async (stack) => {
    // What begins after the request to stop is not told of it.
    if (signal.aborted) return new Stop("failed", "Stopped before it was planned.");
    const onProgress = (text: string) => progress.update(stack.environment, text);
    return planEnvironment(stack, { ...what, onProgress, preflight, onInterruption, finish }).catch(stopOf);
  });
}

/** @throws whatever else it is: a defect. */
function stopOf(error: unknown): Stop {
  if (error instanceof Stop) return error;
  throw error;
}

function reportOption(text: string): ReportRequest<ReviewFormat> {
  try {
    return readReport(REVIEW_FORMATS, text);
  } catch (error) {
    throw error instanceof InvalidValue ? new InvalidArgumentError(error.message) : error;
  }
}
