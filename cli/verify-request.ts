import type { VerifyOptions } from "../checks/verify.ts";
import { Stop } from "../runtime/errors.ts";
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

function limitsOf({
  REDIS_CHECKS: limits,
  TERRAFORM_DIRECTORY,
}: Pick<Read<"checks">, "REDIS_CHECKS" | "TERRAFORM_DIRECTORY">) {
  return {
    deadlineSeconds: limits.deadlineSeconds,
    acceptUnknown: limits.acceptUnknown,
    prove: limits.prove ? ("in a deploy" as const) : ("no" as const),
    stackDirectory: TERRAFORM_DIRECTORY,
  };
}

/** What the step verifies before anything uses the instance. */
export function instanceSubject(read: Read<"checks">): Subject {
  const [serviceId, ...otherServiceIds] = read.SERVICE_IDS;
  return {
    expected: read.REDIS_EXPECTED,
    instanceId: read.REDIS_INSTANCE_ID,
    about: "instance",
    serviceId,
    otherServiceIds,
    service: undefined,
    ...limitsOf(read),
  };
}

/** What the step verifies after a roll-out: the service, with each instance that it uses. */
export function serviceSubject(read: Read<"proof">): Subject {
  const service = read.BACKEND_EXPECTED;
  const instances = Object.entries(read.REDIS_INSTANCES).map(
    ([key, { id, ...expected }]) => [key, { id, expected }] as const,
  );
  const [first] = instances;
  if (first === undefined) throw new Stop("misused", "`REDIS_INSTANCES` is empty: the service uses none.");
  return {
    expected: first[1].expected,
    instanceId: first[1].id,
    about: "service",
    serviceId: service.serviceId,
    service,
    used: Object.fromEntries(instances),
    ...limitsOf(read),
  };
}
