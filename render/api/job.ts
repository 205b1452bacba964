import { z } from "zod";
import type { RenderClient } from "./client.ts";

/** A one-off job: a command, run once with what its service is deployed with, inside Render's private network. */
export const jobSchema = z.object({
  id: z.string(),
  serviceId: z.string(),
  /** `pending`, `running`, `succeeded`, `failed` or `canceled`; absent right after creation. */
  status: z.string().optional(),
});

export type Job = z.infer<typeof jobSchema>;

/** Starts a job. Only paid services have them; the time that it runs is billed by the second. */
export async function createJob(client: RenderClient, serviceId: string, startCommand: string): Promise<Job> {
  return client.request("POST", `/services/${serviceId}/jobs`, jobSchema, { body: { startCommand } });
}

export async function getJob(client: RenderClient, serviceId: string, id: string): Promise<Job> {
  return client.request("GET", `/services/${serviceId}/jobs/${id}`, jobSchema);
}
