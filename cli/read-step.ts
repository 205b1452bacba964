import { z } from "zod";
import { expectedInstance, expectedInstanceSchema } from "../render/instance.ts";
import { jsonVariable } from "../render/json-variable.ts";
import { instanceIdVariable } from "../render/provisioned-variables.ts";
import { expectedService, expectedServiceSchema } from "../render/service.ts";
import { Stop } from "../runtime/errors.ts";
import type { Wiring } from "../steps/preflight-rules.ts";

const SERVICE_ID = /^srv-[a-z0-9]{20}$/;

const ownerId = z
  .string({ error: "is not set. Set it to the workspace's id (tea-…): Render Dashboard, Settings." })
  .min(1, "is empty. Set it to the workspace's id (tea-…): Render Dashboard, Settings.");
const seconds = z.coerce.number("is not a number of seconds").int().positive();
const serviceId = z.string({ error: "is not set" }).regex(SERVICE_ID, "is not a service's id (srv-…)");

/** What Terraform's provisioners set for each command. Ids and descriptions only, no secret. */
export const PROVISIONED = {
  preflight: z.object({
    REDIS_EXPECTED: jsonVariable(expectedInstanceSchema),
    BACKEND_EXPECTED: jsonVariable(expectedServiceSchema),
    RENDER_OWNER_ID: ownerId,
  }),
  rollOut: z.object({
    BACKEND_EXPECTED: jsonVariable(expectedServiceSchema),
    BACKEND_GROUP_ID: z.string({ error: "is not set" }).regex(/^evg-[a-z0-9]+$/, "is not a group's id (evg-…)"),
  }),
  handOver: z.object({
    BACKEND_EXPECTED: jsonVariable(expectedServiceSchema),
    REDIS_INSTANCE_ID: instanceIdVariable,
  }),
  leave: z.object({ BACKEND_SERVICE_ID: serviceId, BACKEND_ROLL_OUT_SECONDS: seconds }),
  drain: z.object({
    /** Terraform's own variable, where the environment file leaves the id to whoever deploys. */
    TF_VAR_backend_service_id: z.string().optional(),
    BACKEND_SERVICE_ID: serviceId.optional(),
    REDIS_INSTANCE_ID: instanceIdVariable,
    BACKEND_DRAIN_COMMAND: z.string({ error: "is not set" }).min(1),
  }),
} as const;

/** @throws Stop naming each variable that is missing or wrong; never a value. */
export function readVariables<T extends z.ZodType>(schema: T, env: NodeJS.ProcessEnv): z.output<T> {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Stop(
    "misused",
    parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}`).join("\n"),
  );
}

/**
 * The wiring of an environment, for a person's command line. The environments are loaded only here: a provisioner
 * brings its own description.
 *
 * @throws Stop when there is no such environment, or a variable is missing.
 */
export async function wiringOf(name: string, env: NodeJS.ProcessEnv): Promise<Wiring> {
  const { resolveEnvironment } = await import("../environments/environments.ts");
  const environment = resolveEnvironment(name);
  const id = environment.backend.serviceId ?? env.TF_VAR_backend_service_id ?? "";
  if (!SERVICE_ID.test(id)) {
    throw new Stop(
      "misused",
      "The backend's service id is not known. Set backend.serviceId in the environment file, or TF_VAR_backend_service_id, " +
        'to "srv-" and 20 letters or digits.',
    );
  }
  const { RENDER_OWNER_ID } = readVariables(z.object({ RENDER_OWNER_ID: ownerId }), env);
  return {
    redis: expectedInstance(environment.name, environment.redis),
    backend: expectedService(environment.backend, id, environment.redis.name),
    ownerId: RENDER_OWNER_ID,
  };
}
