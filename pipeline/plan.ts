import { rm } from "node:fs/promises";
import { nearest, Stop } from "../runtime/errors.ts";
import { refuseUnreviewed } from "./before-planning.ts";
import { commitOf } from "./commit.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { type OpenedPlan, openPlan } from "./open-plan.ts";
import { EMPTY_PLAN, type Planned } from "./review/plan/planned.ts";
import type { Review } from "./review/review.ts";
import { type Preflight, reviewStack } from "./review-stack.ts";
import { PlanDirectory } from "./saved-plan.ts";
import { readShell, type Shell } from "./shell-variables.ts";
import { stackDirectory } from "./synthesize.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { type Stopping, Terraform } from "./terraform.ts";
import type { Diagnostic } from "./terraform-event.ts";

export interface PlanRequest extends Stopping {
  readonly mode: Review["mode"];
  /** Addresses of resources to replace although nothing asks for it. */
  readonly replace: readonly string[];
  /** Asks what preflight refuses. */
  readonly preflight: Preflight;
  /** Acknowledgements of what runs while Terraform plans. */
  readonly ack: readonly string[];
  readonly onProgress: (text: string) => void;
}

/**
 * Plans one environment, and saves the plan unless it only looked. That Terraform could not plan is a review, too: one
 * with the reason.
 *
 * @throws Stop when Terraform cannot be run.
 */
export async function planEnvironment(stack: SynthesizedStack, request: PlanRequest): Promise<Review> {
  const { environment } = stack;
  const stackPath = stackDirectory(environment);
  const shell = readShell(process.env, stack, stackPath);
  request.onProgress("planning");
  const terraform = new Terraform({
    directory: stackPath,
    stopping: request,
    onStop: request.onProgress,
    onEvent: ({ type, hook }) => {
      if (type === "refresh_start" && hook !== undefined) request.onProgress(`reading ${hook.resource.addr}`);
    },
  });

  const directory = new PlanDirectory(environment);
  const planFile = directory.newPlanFile();
  try {
    const { review, fingerprint } = await plan(terraform, planFile, stack, shell, request);
    if (request.mode === "refresh-only") return review;
    if (review.verdict === "failed") await directory.clear();
    else await directory.save(planFile, review, fingerprint);
    return review;
  } finally {
    await rm(planFile, { force: true });
  }
}

interface Reviewed {
  readonly review: Review;
  readonly fingerprint?: Fingerprint;
}

async function plan(
  terraform: Terraform,
  out: string,
  stack: SynthesizedStack,
  shell: Shell,
  { mode, replace, ack, preflight }: PlanRequest,
): Promise<Reviewed> {
  const before = () => refuseUnreviewed(stack.environment, stackDirectory(stack.environment), ack);
  const open = () => openPlan(terraform, out, { ...stack, directory: stackDirectory(stack.environment), shell });
  // While Terraform plans.
  const committed = commitOf(process.env);
  const review = async (planned: Planned, errors: readonly Diagnostic[] = []) => {
    const reviewed = await reviewStack(planned, stack, mode, errors, preflight);
    const commit = await committed;
    return { review: { ...reviewed, shell: shell.shown, ...(commit && { commit }) } };
  };
  try {
    const { exitCode, errors } = await terraform.plan({ out, mode, replace, before });
    // Terraform saves what it got to, unless it failed before that.
    const opened = await (exitCode === 0 ? open() : open().catch(() => undefined));
    const reviewed = await review(opened?.planned ?? EMPTY_PLAN, errors);
    if (exitCode === 0) refuseUnknown(replace, opened?.planned, stack);
    const isNothing = mode === "refresh-only" || reviewed.review.verdict === "no changes";
    if (opened === undefined || exitCode !== 0 || isNothing) return reviewed;
    return { review: { ...reviewed.review, ...approvalOf(opened) }, fingerprint: opened.fingerprint };
  } catch (error) {
    if (!(error instanceof Stop && error.outcome === "failed")) throw error;
    return await review(EMPTY_PLAN, [{ severity: "error", summary: error.message, detail: "" }]);
  }
}

/** @throws Stop for an address to replace at which there is nothing: Terraform passes over it in silence. */
function refuseUnknown(replace: readonly string[], planned: Planned | undefined, { paths }: SynthesizedStack): void {
  const changed = planned?.resources.filter(({ action }) => action !== "no-op").map(({ address }) => address) ?? [];
  const unknown = replace.find((address) => !changed.includes(address));
  if (unknown === undefined) return;
  const like = nearest(unknown, Object.keys(paths));
  const hint = like === undefined ? "" : ` Did you mean "${like}"?`;
  throw new Stop("misused", `--replace ${JSON.stringify(unknown)}: there is nothing at this address.${hint}`);
}

/** What a review says of what is in the plan's file: the providers, and the fingerprint of it all. */
export function approvalOf({ fingerprint, file }: Pick<OpenedPlan, "fingerprint" | "file">) {
  const { sha256, secretsByName } = fingerprint;
  return {
    fingerprint: sha256,
    providers: file.providers,
    ...(secretsByName ? ({ secretsByName: true } as const) : {}),
  };
}
