import { rm } from "node:fs/promises";
import { Stop } from "../runtime/errors.ts";
import { EMPTY_PLAN, type Planned } from "./review/plan/planned.ts";
import type { Review } from "./review/review.ts";
import { reviewStack } from "./review-stack.ts";
import { PlanDirectory } from "./saved-plan.ts";
import { stackDirectory } from "./synthesize.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";
import { Terraform } from "./terraform.ts";
import type { Diagnostic } from "./terraform-event.ts";

export interface PlanRequest {
  readonly mode: Review["mode"];
  /** Addresses of resources to replace although nothing asks for it. */
  readonly replace: readonly string[];
  readonly onProgress: (text: string) => void;
  /** Takes what is to be called at every interruption. */
  readonly onInterruption: (listener: () => void) => void;
}

/**
 * Plans one environment, and saves the plan unless it only looked. That Terraform could not plan is a review, too: one
 * with the reason.
 *
 * @throws Stop when Terraform cannot be run.
 */
export async function planEnvironment(stack: SynthesizedStack, request: PlanRequest): Promise<Review> {
  const { environment } = stack;
  request.onProgress("planning");
  const terraform = new Terraform({
    directory: stackDirectory(environment),
    onEvent: ({ type, hook }) => {
      if (type === "refresh_start" && hook !== undefined) request.onProgress(`reading ${hook.resource.addr}`);
    },
  });
  request.onInterruption(() => terraform.interrupt());

  const directory = new PlanDirectory(environment);
  const planFile = directory.newPlanFile();
  try {
    const review = await plan(terraform, planFile, stack, request);
    if (request.mode === "refresh-only") return review;
    if (review.verdict === "failed") await directory.clear();
    else await directory.save(planFile, review);
    return review;
  } finally {
    await rm(planFile, { force: true });
  }
}

async function plan(
  terraform: Terraform,
  out: string,
  stack: SynthesizedStack,
  { mode, replace }: PlanRequest,
): Promise<Review> {
  const review = (planned: Planned, errors: readonly Diagnostic[] = []) => reviewStack(planned, stack, mode, errors);
  try {
    const { exitCode, errors, isEmpty } = await terraform.plan({ out, mode, replace });
    if (exitCode === 0) return await review(isEmpty ? EMPTY_PLAN : await terraform.show(out));
    // Terraform saves what it got to, unless it failed before that.
    return await terraform
      .show(out)
      .then((planned) => review(planned, errors))
      .catch(() => review(EMPTY_PLAN, errors));
  } catch (error) {
    if (!(error instanceof Stop && error.outcome === "failed")) throw error;
    return review(EMPTY_PLAN, [{ severity: "error", summary: error.message, detail: "" }]);
  }
}
