import { z } from "zod";
import type { VerifyOptions } from "../checks/verify.ts";
import { expectedInstanceSchema } from "../render/instance.ts";
import { jsonVariable } from "../render/json-variable.ts";
import { instanceIdVariable } from "../render/provisioned-variables.ts";
import { expectedServiceSchema } from "../render/service.ts";
import { Stop } from "../runtime/errors.ts";

const postApplyVariables = z.object({
  REDIS_INSTANCE_ID: instanceIdVariable,
  REDIS_EXPECTED: jsonVariable(expectedInstanceSchema),
  REDIS_CHECKS: jsonVariable(
    z.object({
      deadlineSeconds: z.int().positive(),
      acceptUnknown: z.boolean(),
      backendServiceId: z.string().optional(),
    }),
  ),
  /** Set for the checks on the service, which run after it was rolled out. */
  BACKEND_EXPECTED: jsonVariable(expectedServiceSchema).optional(),
  TF_VAR_backend_service_id: z.string().optional(),
});

/** What is to be verified: all of it that the environment, or Terraform, decides. */
export type Subject = Pick<VerifyOptions, "expected" | "instanceId" | "serviceId" | "service"> & {
  readonly deadlineSeconds: number;
  readonly acceptUnknown: boolean;
};

/**
 * What Terraform's provisioner asks for, from the variables that it sets.
 *
 * @throws Stop naming each variable that is missing or wrong.
 */
export function postApplySubject(env: NodeJS.ProcessEnv): Subject {
  const parsed = postApplyVariables.safeParse(env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}.`);
    throw new Stop("misused", `--post-apply is for Terraform, which sets its variables:\n${lines.join("\n")}`);
  }
  const { REDIS_INSTANCE_ID, REDIS_EXPECTED, REDIS_CHECKS, BACKEND_EXPECTED, TF_VAR_backend_service_id } = parsed.data;
  return {
    expected: REDIS_EXPECTED,
    instanceId: REDIS_INSTANCE_ID,
    deadlineSeconds: REDIS_CHECKS.deadlineSeconds,
    acceptUnknown: REDIS_CHECKS.acceptUnknown,
    serviceId: REDIS_CHECKS.backendServiceId ?? (TF_VAR_backend_service_id || undefined),
    service: BACKEND_EXPECTED,
  };
}
