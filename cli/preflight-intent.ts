import { requireOwnRender } from "../environments/emulator-mark.ts";
import { loadEnvironments } from "../environments/load.ts";
import { RenderClient } from "../render/api/client.ts";
import { RenderApiError } from "../render/api/error.ts";
import { expectedInstance } from "../render/instance.ts";
import {
  type ExpectedService,
  expectedService,
  SERVICE_ID,
  SERVICE_ID_FORM,
  type Service,
  serviceIdOf,
  whereIdIsSet,
} from "../render/service.ts";
import { readKnownIds } from "../render/terraform-state.ts";
import { Stop } from "../runtime/errors.ts";
import { type Intent, preflight } from "../steps/preflight.ts";
import { STEPS } from "../steps/steps.ts";

/** Milliseconds for each of preflight's calls: long enough for a busy API, short enough for one that is not there. */
export const PREFLIGHT_CALL_MS = 10_000;

/** What a person asks about. The environments are loaded only here: Terraform brings its own description. */
export async function intentOf(name: string): Promise<Intent> {
  const { resolveEnvironment } = await loadEnvironments();
  const environment = resolveEnvironment(name);
  requireOwnRender(environment, process.env);
  const { redis, services, checks } = environment;
  const instances = Object.entries(redis).map(([key, instance]) => [key, expectedInstance(environment, instance, key)]);
  return {
    instances: Object.fromEntries(instances),
    services: Object.fromEntries(Object.entries(services).map(([key, service]) => [key, withId(key, service)])),
    ownerId: requireOwner(process.env),
    acceptUnknown: checks.acceptUnknown,
  };
}

/** @throws Stop */
function withId(key: string, service: Service): ExpectedService {
  const serviceId = serviceIdOf(key, service, process.env) ?? "";
  if (SERVICE_ID.test(serviceId)) return expectedService(service, serviceId, key);
  const { field, variable } = whereIdIsSet(key);
  throw new Stop(
    "misused",
    `The service's id is not known. Set ${field} in the environment file, or ${variable}. ` +
      `It must be ${SERVICE_ID_FORM}.`,
  );
}

/**
 * The workspace to work in.
 *
 * @throws Stop
 */
export function requireOwner(env: NodeJS.ProcessEnv): string {
  const ownerId = STEPS.preflight.finds.RENDER_OWNER_ID.safeParse(env.RENDER_OWNER_ID);
  if (ownerId.success) return ownerId.data;
  throw new Stop("misused", `\`RENDER_OWNER_ID\` ${ownerId.error.issues[0]?.message}`);
}

/** @throws Stop for what Terraform's provider would only call a missing attribute. */
export function requireCredentials(env: NodeJS.ProcessEnv): void {
  RenderClient.fromEnvironment(env);
  requireOwner(env);
}

/** What preflight would refuse at the first step of an apply, a sentence each. @param directory The stack's. */
export async function refusalsOf(environment: string, directory: string, signal: AbortSignal): Promise<string[]> {
  const client = RenderClient.fromEnvironment(process.env, { deadlineMs: PREFLIGHT_CALL_MS, signal });
  const stack = { directory, known: () => readKnownIds(directory, signal) };
  try {
    const { results } = await preflight(client, await intentOf(environment), stack);
    return results.flatMap(({ refusals }) => refusals.map(({ reason, remedy }) => `${reason}. ${remedy}`));
  } catch (error) {
    if (!(error instanceof RenderApiError)) throw error;
    throw new Stop("failed", `Render could not be asked whether the deploy can begin: ${error.message}`);
  }
}
