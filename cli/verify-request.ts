import type { VerifyOptions } from "../checks/verify.ts";
import { readStep } from "../steps/steps.ts";

/** What is to be verified: all of it that the environment, or Terraform, decides. */
export type Subject = Pick<
  VerifyOptions,
  "expected" | "instanceId" | "serviceId" | "service" | "stackDirectory" | "prove"
> & {
  readonly deadlineSeconds: number;
  readonly acceptUnknown: boolean;
};

/**
 * What Terraform's provisioner asks for, from the variables that it sets.
 *
 * @throws Stop naming each variable that is missing or wrong.
 */
export function postApplySubject(env: NodeJS.ProcessEnv): Subject {
  const read =
    "BACKEND_EXPECTED" in env ? readStep("proof", env) : { ...readStep("checks", env), BACKEND_EXPECTED: undefined };
  const { REDIS_CHECKS: limits, TF_VAR_backend_service_id } = read;
  return {
    expected: read.REDIS_EXPECTED,
    instanceId: read.REDIS_INSTANCE_ID,
    deadlineSeconds: limits.deadlineSeconds,
    acceptUnknown: limits.acceptUnknown,
    prove: limits.prove ? "in a deploy" : "no",
    serviceId: limits.backendServiceId ?? (TF_VAR_backend_service_id || undefined),
    service: read.BACKEND_EXPECTED,
    stackDirectory: read.TERRAFORM_DIRECTORY,
  };
}
