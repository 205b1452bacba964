import { Hono } from "hono";
import { z } from "zod";
import type { Platform } from "../platform.ts";
import { matches, matchesTimes, page } from "./pagination.ts";
import { pathParameter, readBody } from "./request.ts";

const jobRequest = z.object({
  startCommand: z.string("must be a command").min(1, "must not be empty"),
  planId: z.string().optional(),
});

/** `/services/{id}/jobs`. A job's output is read through `/logs`, by the job's id. */
export function jobsApi(platform: Platform): Hono {
  const { services, jobs } = platform;
  return new Hono()
    .post("/:id/jobs", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const { startCommand, planId } = await readBody(context, jobRequest);
      return context.json(jobs.create(service, startCommand, planId), 201);
    })
    .get("/:id/jobs", (context) => {
      const service = services.get(pathParameter(context, "id"));
      const found = jobs
        .of(service.id)
        .filter((job) => matches(context, { status: job.status }))
        .filter((job) => matchesTimes(context, job));
      return context.json(
        page(
          context,
          found,
          "job",
          (job) => job.id,
          (job) => job,
        ),
      );
    })
    .get("/:id/jobs/:jobId", (context) => {
      const service = services.get(pathParameter(context, "id"));
      return context.json(jobs.get(service.id, pathParameter(context, "jobId")));
    })
    .post("/:id/jobs/:jobId/cancel", (context) => {
      const service = services.get(pathParameter(context, "id"));
      return context.json(jobs.cancel(service.id, pathParameter(context, "jobId")));
    });
}
