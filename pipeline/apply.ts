import { rm } from "node:fs/promises";
import { Stop } from "../runtime/errors.ts";
import { missingAcknowledgements } from "./acknowledgements.ts";
import { ApplyProgress } from "./apply-progress.ts";
import { commitOf } from "./commit.ts";
import { type DeploymentRecord, runOf, whoApplies, writeRecord } from "./deployment-record.ts";
import { describeDifference, fieldsOfConfiguration } from "./fingerprint.ts";
import { configurationIn, type OpenedPlan, openPlan } from "./open-plan.ts";
import { approvalOf } from "./plan.ts";
import type { Review } from "./review/review.ts";
import { stepOf } from "./review/rules/steps.ts";
import { type Preflight, reviewStack, secretsOf } from "./review-stack.ts";
import { PlanDirectory, refusal, type SavedPlan } from "./saved-plan.ts";
import { readShell } from "./shell-variables.ts";
import { stackDirectory, synthesize } from "./synthesize.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { type Stopping, Terraform } from "./terraform.ts";
import type { TerraformEvent } from "./terraform-event.ts";

export interface ApplyRequest extends Stopping {
  /** Acknowledgements, by their names in the review. */
  readonly ack: readonly string[];
  /** The fingerprint that was approved; a plan that has another one is refused. */
  readonly fingerprint: string | undefined;
  /** Shows a review that nobody has approved yet, and asks. Nothing when nobody can be asked. */
  readonly approve: (review: Review) => Promise<boolean | undefined>;
  /** Is told what is about to be applied, and nobody can stop any more by an answer. */
  readonly onBegin: (review: Review) => void;
  /** Asks what preflight refuses. */
  readonly preflight: Preflight;
  /** Is told each line that the person who watches should see. */
  readonly onLine: (line: string) => void;
}

/** What became of a saved plan. In place of the record's file, why there is none: Terraform has ended all the same. */
export type Applied =
  | { readonly result: "no changes" }
  | { readonly result: "not acknowledged"; readonly review: Review; readonly missing: readonly string[] }
  | { readonly result: "not approved"; readonly review: Review; readonly asked: boolean }
  | { readonly result: "ended"; readonly record: DeploymentRecord; readonly file: string | Stop };

/**
 * Applies the saved plan of an environment, and nothing else. The plan's file is read once: all that follows is about a
 * private copy.
 *
 * @throws Stop when the plan is refused, or cannot be applied.
 */
export async function applySavedPlan(environment: string, request: ApplyRequest): Promise<Applied> {
  const [stack] = await synthesize([environment]);
  if (stack === undefined) throw new Stop("misused", `"${environment}" has no stack.`);
  const directory = new PlanDirectory(environment);
  const saved = await directory.load();
  const copy = directory.newPlanFile(saved.bytes);
  try {
    return await applyCopy(copy, { stack, directory, saved }, request);
  } finally {
    await rm(copy, { force: true });
  }
}

interface Subject {
  readonly stack: SynthesizedStack;
  readonly directory: PlanDirectory;
  readonly saved: SavedPlan;
}

async function applyCopy(copy: string, subject: Subject, request: ApplyRequest): Promise<Applied> {
  const { stack, directory, saved } = subject;
  const { environment } = stack;
  const { ack, fingerprint: approved = saved.review.fingerprint } = request;
  if (approved === undefined) return { result: "no changes" };

  let onEvent: (event: TerraformEvent) => void = () => {};
  const path = stackDirectory(environment);
  const terraform = new Terraform({
    directory: path,
    stopping: request,
    // What was acknowledged of the review is acknowledged for preflight, too.
    env: { RENDER_REDIS_ACK: ack.join(" ") },
    onStop: (text) => request.onLine(`${environment}: ${text}`),
    onEvent: (event) => onEvent(event),
  });
  const shell = readShell(process.env, stack, path);
  await terraform.init();
  const opened = await openPlan(terraform, copy, { environment, directory: path, shell });
  await refuseOther(opened, approved, subject);

  const { planned } = opened;
  const reviewed = await reviewStack(planned, stack, saved.review.mode, [], request.preflight);
  const commit = await commitOf(process.env);
  const review = { ...reviewed, shell: shell.shown, ...(commit && { commit }), ...approvalOf(opened) };
  if (review.verdict === "no changes") return { result: "no changes" };
  const missing = missingAcknowledgements(review, ack);
  if (missing.length > 0) return { result: "not acknowledged", review, missing };
  if (request.fingerprint === undefined) {
    const answer = await request.approve(review);
    if (answer !== true) return { result: "not approved", review, asked: answer === false };
  }

  request.onBegin(review);
  const progress = progressOf(opened);
  onEvent = (event) => {
    const line = progress.read(event);
    if (line !== undefined) request.onLine(line);
  };
  const record: DeploymentRecord = {
    schemaVersion: 1,
    environment,
    fingerprint: approved,
    plannedAt: saved.plannedAt,
    by: whoApplies(process.env),
    ...(commit && { commit }),
    ...runOf(process.env),
    startedAt: new Date().toISOString(),
    outcome: "running",
    acknowledged: [...ack],
    ...progress.result,
  };
  writeRecord(directory.deployments, record);
  const { exitCode, errors } = await terraform.apply(copy);

  const isStale = errors.some(({ summary }) => /saved plan is stale|saved plan does not match/i.test(summary));
  const outcome = exitCode === 0 ? "applied" : isStale ? "refused" : terraform.isStopped ? "interrupted" : "failed";
  const end = new Date();
  const finished: DeploymentRecord = {
    ...{ ...record, ...progress.result, outcome, finishedAt: end.toISOString() },
    durationSeconds: Math.round((end.getTime() - Date.parse(record.startedAt)) / 1_000),
  };
  const file = await conclude(directory, finished);
  if (isStale) throw refusal(environment, "it is stale: something else was applied since it was made");
  return { result: "ended", record: finished, file };
}

/** Writes how it ended. By now a full disk must not keep the person from learning that. */
async function conclude(directory: PlanDirectory, record: DeploymentRecord): Promise<string | Stop> {
  try {
    // What was half applied cannot be applied again, and it holds secrets. On a full disk it makes room for the record.
    await directory.clear();
    return writeRecord(directory.deployments, record);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    return new Stop(
      "failed",
      `This could not be written to the deployment's record, which still says "running": ${reason}.`,
    );
  }
}

/** @throws Stop when the plan does anything but what was approved, or what the sources say today. */
async function refuseOther({ fingerprint, file }: OpenedPlan, approved: string, { stack, directory }: Subject) {
  const { environment } = stack;
  if (fingerprint.sha256 !== approved) {
    const fields = await directory.fieldsOf(approved);
    const difference = fields === undefined ? "" : `. These differ: ${describeDifference(fields, fingerprint.fields)}`;
    const reason = `its fingerprint is ${fingerprint.sha256}, and ${approved} was approved`;
    throw refusal(environment, reason + difference);
  }
  const today = fieldsOfConfiguration(configurationIn(stackDirectory(environment)));
  const difference = describeDifference(fieldsOfConfiguration(file.configuration), today);
  if (difference === "") return;
  throw refusal(environment, `by now the environment is described differently: ${difference}`);
}

function progressOf({ planned }: OpenedPlan): ApplyProgress {
  const proving = planned.resources.filter((change) => stepOf(change, planned)?.kind === "checks");
  const checks = new Set(proving.map(({ address }) => address));
  return new ApplyProgress(secretsOf(planned), (address) => checks.has(address));
}
