import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { applySavedPlan } from "../pipeline/apply.ts";
import type { DeploymentRecord } from "../pipeline/deployment-record.ts";
import type { Review } from "../pipeline/review/review.ts";
import { stackDirectory } from "../pipeline/synthesize.ts";
import { colors } from "../runtime/colors.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { parse, seconds } from "./parse.ts";
import { refusalsOf, requireCredentials } from "./preflight-intent.ts";
import type { CommandProgram, Program } from "./program.ts";
import { formatBrief, formatTable } from "./report/review/table.ts";

interface Options {
  readonly ack?: readonly string[];
  readonly fingerprint?: string;
  readonly yes?: true;
  readonly deadline: number;
}

const command = new Command("apply")
  .description("Applies the plan that `npm run plan` saved and that was reviewed, and nothing else.")
  .argument("<environment>")
  .option(
    "--ack <kind:address>",
    "acknowledge a consequence by its name in the review; repeatable",
    (token: string, others: readonly string[] | undefined) => [...(others ?? []), token],
  )
  .option(
    "--fingerprint <sha256>",
    "the fingerprint that was approved: any other plan is refused; without it the plan is shown again, and you are asked",
  )
  .option("--yes", "apply it without being asked: for a pipeline that shows the plan to people itself")
  .option("--deadline <seconds>", "the time for everything; Terraform is then stopped", seconds, 3_300)
  .allowExcessArguments(false)
  .exitOverride();

export const program: CommandProgram = {
  name: "apply",
  command,
  run: (program) => parse(command, (environment: string, options: Options) => apply(environment, options, program)),
};

async function apply(environment: string, options: Options, program: Program): Promise<Outcome> {
  const { ack = [], fingerprint, yes, deadline } = options;
  let isShown = false;
  program.limit(deadline);
  requireCredentials(process.env);
  const applied = await applySavedPlan(environment, {
    ack,
    fingerprint,
    preflight: (name) => refusalsOf(name, stackDirectory(name), program.signal),
    approve: async (review) => {
      if (yes) return true;
      isShown = isTerminal();
      return ask(review, program.signal);
    },
    onBegin: (review) => {
      if (!isShown) process.stdout.write(formatBrief(review));
    },
    onLine: (line) => console.log(line),
    onInterruption: program.onInterruption,
    finish: program.finish,
  });
  switch (applied.result) {
    case "no changes":
      console.log(`${environment}: the saved plan has no changes, so there is nothing to apply.`);
      return "good";
    case "not acknowledged":
      process.stdout.write(formatTable([applied.review]));
      console.error(`\nNothing was applied: ${applied.missing.join(", ")} must be acknowledged.`);
      return "unknown";
    case "not approved":
      if (!applied.asked) process.stdout.write(formatTable([applied.review]));
      console.error(`\nNothing was applied: ${applied.asked ? "you did not approve it" : UNAPPROVED}.`);
      return "unknown";
    case "ended":
      report(applied.record, applied.file);
      if (applied.file instanceof Stop) throw applied.file;
      return applied.record.outcome === "applied" ? "good" : "failed";
  }
}

const UNAPPROVED =
  "nobody approved this plan. Name the fingerprint that was approved, with --fingerprint, or say --yes";

function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Shows a review and asks. `undefined` when there is no terminal to ask at. */
async function ask(review: Review, signal: AbortSignal): Promise<boolean | undefined> {
  if (!isTerminal()) return undefined;
  process.stdout.write(formatTable([review]));
  // Not as a terminal: ^C stays a signal.
  const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
  try {
    return (
      (await terminal.question(`\nApply this plan to ${review.environment}? Only "yes" does: `, { signal })) === "yes"
    );
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}

function report(
  { environment, outcome, done, failed, checks, durationSeconds }: DeploymentRecord,
  file: string | Stop,
): void {
  for (const { error } of failed) console.error(colors.red(`\n${error}`));
  const proven = checks.map(({ address, result }) => `${address} ${result}`).join(", ");
  const summary = [
    `${environment}: ${outcome}, ${done.length} ${done.length === 1 ? "resource" : "resources"} done${durationSeconds === undefined ? "" : ` in ${durationSeconds} s`}`,
    proven === "" ? "no checks were due" : proven,
  ].join("; ");
  console.log(`\n${outcome === "applied" ? colors.green(summary) : colors.red(summary)}`);
  if (!(file instanceof Stop)) console.log(colors.dim(`recorded in ${file}`));
  if (outcome !== "applied") console.error(`See the current state with: npm run plan -- ${environment}`);
}
