import { z } from "zod";
import type { RenderClient } from "./client.ts";

/** A service, as far as it matters to whoever wires a Redis to it. */
export const serviceSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  ownerId: z.string(),
  environmentId: z.string().nullish(),
  autoDeploy: z.string(),
  suspended: z.string(),
  dashboardUrl: z.string().optional(),
  serviceDetails: z.object({ region: z.string(), plan: z.string(), url: z.string().optional() }),
});

export type Service = z.infer<typeof serviceSchema>;

const envVarSchema = z.object({ key: z.string(), value: z.string() });

export type EnvVar = z.infer<typeof envVarSchema>;

export async function getService(client: RenderClient, id: string): Promise<Service> {
  return client.request("GET", `/services/${id}`, serviceSchema);
}

/** Variables set on the service itself. Each wins over a variable of the same name in a linked group. */
export async function listServiceEnvVars(client: RenderClient, id: string): Promise<EnvVar[]> {
  return client.list(`/services/${id}/env-vars`, "envVar", envVarSchema);
}
