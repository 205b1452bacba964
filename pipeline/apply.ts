import { Stop } from "../runtime/errors.ts";
import { missingAcknowledgements } from "./acknowledgements.ts";
import { ApplyProgress } from "./apply-progress.ts";
import { type DeploymentRecord, whoApplies, writeRecord } from "./deployment-record.ts";
import { fingerprintOf } from "./review/fingerprint.ts";
import type { Review } from "./review/review.ts";
import { stepOf } from "./review/rules/steps.ts";
import { reviewStack, secretsOf } from "./review-stack.ts";
import { PlanDirectory, refusal, type SavedPlan } from "./saved-plan.ts";
import { stackDirectory, synthesize } from "./synthesize.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { Terraform } from "./terraform.ts";
import type { TerraformEvent } from "./terraform-event.ts";

export interface ApplyRequest {
  /** Acknowledgements, by their names in the review. */
  readonly ack: readonly string[];
  /** The fingerprint that was approved; the plan is refused when its review has another. */
  readonly fingerprint: string | undefined;
  /** Is told each line that the person who watches should see. */
  readonly onLine: (line: string) => void;
  /** Takes what is to be called at every interruption. */
  readonly onInterruption: (listener: () => void) => void;
}

/** What became of a saved plan. */
export type Applied =
  | { readonly result: "no changes" }
  | { readonly result: "not acknowledged"; readonly review: Review; readonly missing: readonly string[] }
  | { readonly result: "ended"; readonly record: DeploymentRecord; readonly file: string };

/**
 * Applies the saved plan of an environment, and nothing else.
 *
 * @throws Stop when the plan is refused, or cannot be applied.
 */
export async function applySavedPlan(environment: string, request: ApplyRequest): Promise<Applied> {
  const [stack] = await synthesize([environment]);
  if (stack === undefined) throw new Stop("misused", `"${environment}" has no stack.`);
  const directory = new PlanDirectory(environment);
  const saved = await directory.load();
  const { ack, fingerprint = saved.fingerprint } = request;
  if (fingerprint !== saved.fingerprint) {
    throw refusal(environment, `its review has the fingerprint ${saved.fingerprint}, and ${fingerprint} was approved`);
  }
  if (saved.review.verdict === "no changes") return { result: "no changes" };
  const missing = missingAcknowledgements(saved.review, ack);
  if (missing.length > 0) return { result: "not acknowledged", review: saved.review, missing };

  let onEvent: (event: TerraformEvent) => void = () => {};
  const terraform = new Terraform({ directory: stackDirectory(environment), onEvent: (event) => onEvent(event) });
  let isInterrupted = false;
  request.onInterruption(() => {
    isInterrupted = true;
    terraform.interrupt();
  });
  const progress = await openPlan(terraform, directory.planFile, stack, saved);
  onEvent = (event) => {
    const line = progress.read(event);
    if (line !== undefined) request.onLine(line);
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
  writeRecord(directory.deployments, record);
  const { exitCode, errors } = await terraform.apply(directory.planFile);

  const isStale = errors.some(({ summary }) => /saved plan is stale|saved plan does not match/i.test(summary));
  const outcome = exitCode === 0 ? "applied" : isStale ? "refused" : isInterrupted ? "interrupted" : "failed";
  const finished = { ...record, ...progress.result, finishedAt: new Date().toISOString(), outcome } as const;
  const file = writeRecord(directory.deployments, finished);
  // What was half applied cannot be applied again, and it holds secrets.
  await directory.clear();
  if (isStale) throw refusal(environment, "it is stale: something else was applied since it was made");
  return { result: "ended", record: finished, file };
}

/**
 * Makes sure that the saved plan is what its review says: the review is made again, of the plan itself and of today's
 * sources, and must have the same fingerprint.
 *
 * @throws Stop when it is not.
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
