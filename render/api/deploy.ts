import { z } from "zod";
import type { RenderClient } from "./client.ts";

const LATEST = "20";

/** One deploy of a service: the build, and the processes that were started with the variables of that moment. */
export const deploySchema = z.object({
  id: z.string(),
  /** Ends as `live`, or as one of {@link FAILED_DEPLOYS}; `deactivated` was live until a later one took its place. */
  status: z.string(),
  trigger: z.string().nullish(),
  createdAt: z.string(),
});

export type Deploy = z.infer<typeof deploySchema>;

/** How a deploy ends that never went live. The one before it goes on running. */
export const FAILED_DEPLOYS: readonly string[] = ["build_failed", "update_failed", "pre_deploy_failed", "canceled"];

/** The latest deploys of a service, newest first. */
export async function listDeploys(client: RenderClient, serviceId: string): Promise<Deploy[]> {
  const page = z.array(z.object({ deploy: deploySchema }));
  const entries = await client.request("GET", `/services/${serviceId}/deploys`, page, { query: { limit: LATEST } });
  return entries.map(({ deploy }) => deploy);
}

export async function getDeploy(client: RenderClient, serviceId: string, id: string): Promise<Deploy> {
  return client.request("GET", `/services/${serviceId}/deploys/${id}`, deploySchema);
}

/**
 * Starts a deploy that reuses the last build, so that only what the service reads is new.
 *
 * @returns `undefined` when Render answers 202 without a body: the deploy is queued, and its id is only in the list.
 */
export async function startDeploy(client: RenderClient, serviceId: string): Promise<Deploy | undefined> {
  const body = { deployMode: "deploy_only" };
  return client.request("POST", `/services/${serviceId}/deploys`, deploySchema.optional(), { body });
}
