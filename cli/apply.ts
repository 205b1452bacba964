import { Command, CommanderError } from "commander";
import pc from "picocolors";
import { renderTable } from "../cli/report/review/table.ts";
import { missingAcknowledgements } from "./acknowledgements.ts";
import { ApplyProgress } from "./apply-progress.ts";
import { type DeploymentRecord, whoApplies, writeRecord } from "./deployment-record.ts";
import { fingerprintOf } from "./review/fingerprint.ts";
import { stepOf } from "./review/rules/steps.ts";
import { InstancesUnknown, reviewStack, secretsOf } from "./review-stack.ts";
import { PlanDirectory, PlanRefused, refusal, type SavedPlan } from "./saved-plan.ts";
import { stackDirectory } from "./synthesis-stamp.ts";
import { ConfigurationError, synthesize } from "./synthesize.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { Terraform, TerraformError, TerraformMissing } from "./terraform.ts";
import type { TerraformEvent } from "./terraform-event.ts";

const FAILED = 1;
const MISUSED = 2;
const NEEDS_ACKNOWLEDGEMENT = 3;

const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);

interface Options {
  readonly ack?: readonly string[];
  readonly fingerprint?: string;
}

const program = new Command("apply")
  .description("Applies the plan that `npm run plan` saved and that was reviewed, and nothing else.")
  .argument("<environment>")
  .option("--ack <kind:address>", "acknowledge a consequence by its name in the review; repeatable", append)
  .option("--fingerprint <sha256>", "refuse the plan unless its review has this fingerprint")
  .allowExcessArguments(false)
  .addHelpText("after", "\nExit codes: 0 applied, 1 failed or refused, 2 wrong usage, 3 needs acknowledgement.")
  .exitOverride()
  .action(async (environment: string, options: Options) => {
    process.exitCode = await apply(environment, options);
  });

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : MISUSED;
  else if (error instanceof ConfigurationError || error instanceof TerraformMissing) fail(error, MISUSED);
  else if (error instanceof PlanRefused || error instanceof TerraformError || error instanceof InstancesUnknown) {
    fail(error, FAILED);
  } else throw error;
});

function fail(error: Error, exitCode: number): void {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCode;
}

/** @returns The exit code. */
async function apply(environment: string, { ack = [], fingerprint }: Options): Promise<number> {
  const [stack] = await synthesize([environment]);
  if (stack === undefined) throw new ConfigurationError(`"${environment}" has no stack.`);
  const directory = new PlanDirectory(environment);
  const saved = await directory.load();
  if (fingerprint !== undefined && fingerprint !== saved.fingerprint) {
    throw refusal(environment, `its review has the fingerprint ${saved.fingerprint}, and ${fingerprint} was approved`);
  }
  if (saved.review.verdict === "no changes") {
    console.log(`${environment}: the saved plan has no changes, so there is nothing to apply.`);
    return 0;
  }
  const missing = missingAcknowledgements(saved.review, ack);
  if (missing.length > 0) {
    process.stdout.write(renderTable([saved.review]));
    console.error(`\nNothing was applied: ${missing.join(", ")} must be acknowledged.`);
    return NEEDS_ACKNOWLEDGEMENT;
  }

  let onEvent: (event: TerraformEvent) => void = () => {};
  const terraform = new Terraform({ directory: stackDirectory(stack.environment), onEvent: (event) => onEvent(event) });
  let isInterrupted = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      isInterrupted = true;
      terraform.interrupt();
    });
  }
  const progress = await openPlan(terraform, directory.planFile, stack, saved);
  onEvent = (event) => {
    const line = progress.read(event);
    if (line !== undefined) console.log(line);
  };
  const record: DeploymentRecord = {
    schemaVersion: 1,
    environment,
    fingerprint: saved.fingerprint,
    plannedAt: saved.plannedAt,
    by: whoApplies(process.env),
    startedAt: new Date().toISOString(),
    outcome: "running",
    acknowledged: [...ack],
    ...progress.result,
  };
  await writeRecord(directory.deployments, record);
  const { exitCode, errors } = await terraform.apply(directory.planFile);

  const isStale = errors.some(({ summary }) => /saved plan is stale|saved plan does not match/i.test(summary));
  const outcome = exitCode === 0 ? "applied" : isStale ? "refused" : isInterrupted ? "interrupted" : "failed";
  const finished = { ...record, ...progress.result, finishedAt: new Date().toISOString(), outcome } as const;
  const file = await writeRecord(directory.deployments, finished);
  // What was half applied cannot be applied again, and it holds secrets.
  await directory.clear();
  if (isStale) throw refusal(environment, "it is stale: something else was applied since it was made");
  report(finished, file);
  return exitCode === 0 ? 0 : FAILED;
}

/**
 * Makes sure that the saved plan is what its review says: the review is made again, of the plan itself and of today's
 * sources, and must have the same fingerprint.
 *
 * @throws PlanRefused
 */
async function openPlan(
  terraform: Terraform,
  planFile: string,
  stack: SynthesizedStack,
  saved: SavedPlan,
): Promise<ApplyProgress> {
  const { environment } = stack;
  await terraform.init();
  if (saved.review.terraform !== stack.digest) {
    throw refusal(environment, "the environment is described differently by now than when the plan was made");
  }
  const planned = await terraform.show(planFile);
  const review = await reviewStack(planned, stack, saved.review.mode);
  if (fingerprintOf(review) !== saved.fingerprint)
    throw refusal(environment, "it does something else than its review says");

  const proving = planned.resources.filter((change) => stepOf(change, planned)?.kind === "checks");
  const checks = new Set(proving.map(({ address }) => address));
  return new ApplyProgress(secretsOf(planned), (address) => checks.has(address));
}

function report({ environment, outcome, done, failed, checks }: DeploymentRecord, file: string): void {
  for (const { error } of failed) console.error(colors.red(`\n${error}`));
  const proven = checks.map(({ address, result }) => `${address} ${result}`).join(", ");
  const summary = [
    `${environment}: ${outcome}, ${done.length} ${done.length === 1 ? "resource" : "resources"} done`,
    proven === "" ? "no checks were due" : proven,
  ].join("; ");
  console.log(
    `\n${outcome === "applied" ? colors.green(summary) : colors.red(summary)}\n${colors.dim(`recorded in ${file}`)}`,
  );
  if (outcome !== "applied") console.error(`See where things stand with: npm run plan -- ${environment}`);
}

function append(value: string, values: readonly string[] | undefined): readonly string[] {
  return [...(values ?? []), value];
}
