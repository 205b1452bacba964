import type { VerifyOptions } from "../checks/verify.ts";
import type { ExpectedService } from "../render/service.ts";
import type { Read } from "../steps/steps.ts";

/** What is to be verified: all of it that the environment, or Terraform, decides. */
export type Subject = Pick<
  VerifyOptions,
  "expected" | "key" | "instanceId" | "serviceId" | "otherServiceIds" | "service" | "used" | "stackDirectory" | "prove"
> & {
  /** Which of the checks: those of the instance, or those of the service. Default all. */
  readonly about?: "instance" | "service";
  readonly deadlineSeconds: number;
  readonly acceptUnknown: boolean;
};

/** What a step of Terraform's graph verifies: an instance, or a service after its roll-out. */
export function subjectOfStep(read: Read<"checks">, service?: ExpectedService): Subject {
  const { REDIS_CHECKS: limits, TF_VAR_backend_service_id } = read;
  return {
    expected: read.REDIS_EXPECTED,
    instanceId: read.REDIS_INSTANCE_ID,
    deadlineSeconds: limits.deadlineSeconds,
    acceptUnknown: limits.acceptUnknown,
    prove: limits.prove ? "in a deploy" : "no",
    serviceId: limits.backendServiceId ?? (TF_VAR_backend_service_id || undefined),
    about: service === undefined ? "instance" : "service",
    service,
    stackDirectory: read.TERRAFORM_DIRECTORY,
  };
}
