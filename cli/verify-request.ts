import { z } from "zod";
import { type BackendDescription, backendDescriptionSchema } from "../render/backend-description.ts";
import { type InstanceDescription, instanceDescriptionSchema } from "../render/instance-description.ts";
import { jsonVariable } from "../render/json-variable.ts";
import { instanceIdVariable, parseVariables, UsageError } from "../render/provisioned-variables.ts";

/** One environment to verify. */
export interface Target {
  readonly expected: InstanceDescription;
  /** Without it the instance is found by name and region. */
  readonly instanceId?: string | undefined;
  readonly deadlineSeconds: number;
  readonly acceptUnknown: boolean;
  /** The service whose one-off jobs can look from inside. */
  readonly backendServiceId?: string | undefined;
  /** What the backend should read, and how it is asked whether it is well. */
  readonly backend?: BackendDescription | undefined;
}

const postApplyVariables = z.object({
  REDIS_INSTANCE_ID: instanceIdVariable,
  REDIS_EXPECTED: jsonVariable(instanceDescriptionSchema),
  REDIS_CHECKS: jsonVariable(
    z.object({
      deadlineSeconds: z.int().positive(),
      acceptUnknown: z.boolean(),
      backendServiceId: z.string().optional(),
    }),
  ),
  /** Set once the backend is wired: then it is the backend that is proved. */
  BACKEND_EXPECTED: jsonVariable(backendDescriptionSchema).optional(),
  TF_VAR_backend_service_id: z.string().optional(),
});

/**
 * What Terraform's provisioner asks for, from the variables that it sets.
 *
 * @throws UsageError naming each variable that is missing or wrong.
 */
export function postApplyTarget(env: NodeJS.ProcessEnv): Target {
  const parsed = parseVariables(postApplyVariables, env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}.`);
    throw new UsageError(`--post-apply is for Terraform, which sets its variables:\n${lines.join("\n")}`);
  }
  const { REDIS_INSTANCE_ID, REDIS_EXPECTED, REDIS_CHECKS, BACKEND_EXPECTED, TF_VAR_backend_service_id } = parsed.data;
  return {
    expected: REDIS_EXPECTED,
    instanceId: REDIS_INSTANCE_ID,
    ...REDIS_CHECKS,
    backendServiceId: REDIS_CHECKS.backendServiceId ?? (TF_VAR_backend_service_id || undefined),
    backend: BACKEND_EXPECTED,
  };
}
