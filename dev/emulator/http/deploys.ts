import { Hono } from "hono";
import { z } from "zod";
import type { Platform } from "../platform.ts";
import type { DeployState, ServiceState } from "../state/schema.ts";
import { badRequest } from "./error.ts";
import { matches, matchesTimes, page } from "./pagination.ts";
import { pathParameter, readBody } from "./request.ts";

const deployRequest = z.object({
  deployMode: z.enum(["deploy_only", "build_and_deploy"]).optional(),
  clearCache: z.enum(["clear", "do_not_clear"]).optional(),
  commitId: z.string().optional(),
  imageUrl: z.string().optional(),
});

/** `/services/{id}/deploys`. */
export function deploysApi(platform: Platform): Hono {
  const { services, deploys, faults } = platform;
  return new Hono()
    .post("/:id/deploys", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const body = await readBody(context, deployRequest);
      const { deployMode, clearCache, commitId, imageUrl } = body;
      if (deployMode !== undefined && [clearCache, commitId, imageUrl].some((other) => other !== undefined)) {
        throw badRequest("`deployMode` cannot be combined with `commitId`, `imageUrl` or `clearCache`");
      }
      const deploy = deploys.create(service, deployMode ?? "build_and_deploy", "api");
      if (faults.settings.deployAccepted) return context.body(null, 202);
      return context.json(deployView(service, deploy), 201);
    })
    .get("/:id/deploys", (context) => {
      const service = services.get(pathParameter(context, "id"));
      const found = deploys
        .of(service.id)
        .filter((deploy) => matches(context, { status: deploy.status }))
        .filter((deploy) => matchesTimes(context, deploy));
      const view = (deploy: DeployState) => deployView(service, deploy);
      return context.json(page(context, found, "deploy", (deploy) => deploy.id, view));
    })
    .get("/:id/deploys/:deployId", (context) => {
      const service = services.get(pathParameter(context, "id"));
      return context.json(deployView(service, deploys.get(service.id, pathParameter(context, "deployId"))));
    })
    .post("/:id/deploys/:deployId/cancel", (context) => {
      const service = services.get(pathParameter(context, "id"));
      return context.json(deployView(service, deploys.cancel(service.id, pathParameter(context, "deployId"))));
    });
}

function deployView(service: ServiceState, deploy: DeployState) {
  const { id, status, trigger, createdAt, startedAt, updatedAt, finishedAt } = deploy;
  const source =
    service.imagePath === undefined
      ? { commit: { id: "0".repeat(40), message: "local", createdAt: service.createdAt } }
      : { commit: null, image: { ref: service.imagePath, sha: `sha256:${"0".repeat(64)}` } };
  return { id, ...source, status, trigger, createdAt, startedAt, updatedAt, finishedAt };
}
