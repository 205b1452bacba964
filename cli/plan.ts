import { rm } from "node:fs/promises";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { type ReportRequest, readReport, writeReports } from "../cli/report/review/write-reports.ts";
import { InvalidValue } from "../runtime/errors.ts";
import { type Progress, startProgress } from "../runtime/progress.ts";
import { EMPTY_PLAN, type Planned } from "./review/plan/planned.ts";
import type { Review } from "./review/review.ts";
import { PLAN_EXIT_CODES, worstVerdict } from "./review/verdict.ts";
import { InstancesUnknown, reviewStack } from "./review-stack.ts";
import { PlanDirectory } from "./saved-plan.ts";
import { stackDirectory } from "./synthesis-stamp.ts";
import { ConfigurationError, synthesize } from "./synthesize.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { Terraform, TerraformError, TerraformMissing } from "./terraform.ts";
import type { Diagnostic, TerraformEvent } from "./terraform-event.ts";

/** Wrong usage, too: 2 means that there are changes, and a pipeline goes on with that. */
const FAILED = 1;

interface Options {
  readonly destroy?: true;
  readonly refreshOnly?: true;
  readonly replace?: readonly string[];
  readonly report?: readonly ReportRequest[];
}

const program = new Command("plan")
  .description(
    "Plans environments, saves each plan for `npm run apply`, and tells in an operator's words what it would do.",
  )
  .argument("<environment...>", "the environments, planned side by side")
  .option("--refresh-only", "only look what somebody changed outside Terraform; saves nothing")
  .option("--destroy", "plan the removal of everything in the environment")
  .option("--replace <address>", "replace a resource although nothing asks for it; repeatable", append<string>)
  .option(
    "--report <format[=file]>",
    "table (default), markdown, json or github (annotations); repeatable, without a file to standard output; in GitHub Actions the Markdown also goes to the step summary",
    (text: string, requests: readonly ReportRequest[] | undefined) => append(reportOption(text), requests),
  )
  .addHelpText("after", "\nExit codes: 0 no changes, 1 failed, 2 changes, 3 needs acknowledgement.")
  .exitOverride()
  .action(async (names: readonly string[], options: Options) => {
    if (options.refreshOnly && (options.destroy || options.replace)) {
      throw new ConfigurationError("--refresh-only plans no change, so it goes with neither --destroy nor --replace.");
    }
    const progress = await startProgress(process.stderr);
    try {
      const stacks = await synthesize([...new Set(names)]);
      const reviews = await Promise.all(stacks.map((stack) => planEnvironment(stack, options, progress)));
      progress.stop();
      writeReports(options.report ?? [{ format: "table", file: undefined }], reviews);
      process.exitCode = PLAN_EXIT_CODES[worstVerdict(reviews)];
    } finally {
      progress.stop();
    }
  });

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : FAILED;
  else if (error instanceof ConfigurationError || error instanceof TerraformMissing) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = FAILED;
  } else throw error;
});

/** Plans one environment. That Terraform could not plan is a review, too: one with the reason. */
async function planEnvironment(stack: SynthesizedStack, options: Options, progress: Progress): Promise<Review> {
  const { environment } = stack;
  const mode = options.refreshOnly ? "refresh-only" : options.destroy ? "destroy" : "change";
  progress.update(environment, "planning");
  const terraform = new Terraform({
    directory: stackDirectory(stack.environment),
    onEvent: (event) => {
      const text = describe(event);
      if (text !== undefined) progress.update(environment, text);
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => terraform.interrupt());

  const directory = new PlanDirectory(environment);
  const planFile = await directory.newPlanFile();
  try {
    const review = await plan(terraform, planFile, stack, mode, options.replace ?? []);
    if (mode === "refresh-only") return review;
    if (review.verdict === "failed") await directory.clear();
    else await directory.save(planFile, review);
    return review;
  } finally {
    await rm(planFile, { force: true });
  }
}

async function plan(
  terraform: Terraform,
  planFile: string,
  stack: SynthesizedStack,
  mode: Review["mode"],
  replace: readonly string[],
): Promise<Review> {
  const review = (planned: Planned, errors: readonly Diagnostic[] = []) => reviewStack(planned, stack, mode, errors);
  try {
    const { exitCode, errors, isEmpty } = await terraform.plan({ out: planFile, mode, replace });
    if (exitCode === 0) return await review(isEmpty ? EMPTY_PLAN : await terraform.show(planFile));
    // Terraform saves what it got to, unless it failed before that.
    return await terraform
      .show(planFile)
      .then((planned) => review(planned, errors))
      .catch(() => review(EMPTY_PLAN, errors));
  } catch (error) {
    if (!(error instanceof TerraformError || error instanceof InstancesUnknown)) throw error;
    const diagnostic = { severity: "error", summary: error.message, detail: "" };
    return review(EMPTY_PLAN, [diagnostic]);
  }
}

function describe({ type, hook }: TerraformEvent): string | undefined {
  return type === "refresh_start" && hook !== undefined ? `reading ${hook.resource.addr}` : undefined;
}

function append<T>(value: T, values: readonly T[] | undefined): readonly T[] {
  return [...(values ?? []), value];
}

function reportOption(text: string): ReportRequest {
  try {
    return readReport(text);
  } catch (error) {
    throw error instanceof InvalidValue ? new InvalidArgumentError(error.message) : error;
  }
}
