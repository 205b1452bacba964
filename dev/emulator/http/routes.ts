import { Hono } from "hono";
import { z } from "zod";
import { REGIONS } from "../../../render/spellings.ts";
import type { Platform } from "../platform.ts";
import { serviceDetails } from "../state/schema.ts";
import { envVarList, readEnvVar, secretFileList } from "./env-groups.ts";
import { notFound } from "./error.ts";
import { requireOwner } from "./owners.ts";
import { matches, matchesTimes, page } from "./pagination.ts";
import { pathParameter, readBody } from "./request.ts";
import { serviceView } from "./service-view.ts";

const autoDeploy = z.enum(["yes", "no"]);
const image = z.object({ imagePath: z.string() });

/** What a service has before anything is asked for. */
const detailsDefaults = {
  region: "oregon",
  plan: "starter",
  runtime: "node",
  envSpecificDetails: {},
  healthCheckPath: "",
  numInstances: 1,
  maintenanceMode: { enabled: false, uri: "" },
  openPorts: [{ port: 10_000, protocol: "TCP" }],
} as const;

const details = z.looseObject({
  region: z.enum(REGIONS).optional(),
  plan: z.string().optional(),
  runtime: z.string().optional(),
  env: z.string().optional(),
  envSpecificDetails: z.looseObject({ startCommand: z.string().optional() }).optional(),
  healthCheckPath: z.string().optional(),
  numInstances: z.number().int().min(1).optional(),
});

const creation = z.object({
  name: z.string("must be a text").min(1, "must not be empty"),
  ownerId: z.string("must be the id of a workspace"),
  type: z.enum(["web_service", "private_service", "background_worker", "cron_job", "static_site"]),
  autoDeploy: autoDeploy.default("yes"),
  repo: z.string().optional(),
  branch: z.string().optional(),
  image: image.optional(),
  rootDir: z.string().default(""),
  environmentId: z.string().optional(),
  serviceDetails: details.default({}),
  envVars: envVarList.optional(),
  secretFiles: secretFileList.optional(),
});

const change = creation.pick({ repo: true, branch: true, image: true }).extend({
  name: creation.shape.name.optional(),
  autoDeploy: autoDeploy.optional(),
  rootDir: z.string().optional(),
  serviceDetails: details.optional(),
});

/** `/services`, apart from what a service has: see `service-settings.ts`, `deploys.ts` and `jobs.ts`. */
export function servicesApi(platform: Platform): Hono {
  const { services, deploys, store } = platform;
  return new Hono()
    .post("/", async (context) => {
      const body = await readBody(context, creation);
      requireOwner(platform, body.ownerId);
      const service = await services.create({
        ...body,
        repo: body.repo,
        branch: body.branch,
        imagePath: body.image?.imagePath,
        environmentId: body.environmentId,
        serviceDetails: merge(detailsDefaults, body.serviceDetails),
        envVars: (body.envVars ?? []).map((entry) => readEnvVar(entry.key, entry)),
        secretFiles: body.secretFiles ?? [],
      });
      const deploy = deploys.create(service, "build_and_deploy", "other");
      return context.json({ deployId: deploy.id, service: serviceView(platform, service) }, 201);
    })
    .get("/", (context) => {
      const found = services.all
        .filter((service) => {
          const { name, type, environmentId, serviceDetails: facts } = service;
          const suspended = service.suspended ? "suspended" : "not_suspended";
          const { ownerId } = store.state;
          return matches(context, {
            name,
            type,
            environmentId,
            suspended,
            region: facts.region,
            env: facts.env,
            ownerId,
          });
        })
        .filter((service) => matchesTimes(context, service))
        .reverse();
      return context.json(
        page(
          context,
          found,
          "service",
          (service) => service.id,
          (service) => serviceView(platform, service),
        ),
      );
    })
    .get("/:id", (context) => context.json(serviceView(platform, services.get(pathParameter(context, "id")))))
    .patch("/:id", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const { image: newImage, serviceDetails: newDetails, ...changes } = await readBody(context, change);
      Object.assign(service, changes, newImage === undefined ? {} : { imagePath: newImage.imagePath });
      // A service never moves; a region in a change is not looked at.
      const { region } = service.serviceDetails;
      service.serviceDetails = { ...merge(service.serviceDetails, newDetails ?? {}), region };
      service.updatedAt = new Date().toISOString();
      store.save();
      return context.json(serviceView(platform, service));
    })
    .delete("/:id", async (context) => {
      await services.delete(pathParameter(context, "id"));
      return context.body(null, 204);
    })
    .post("/:id/restart", (context) => {
      services.restart(pathParameter(context, "id"));
      return context.body(null, 200);
    })
    .post("/:id/suspend", async (context) => {
      await services.suspend(pathParameter(context, "id"));
      return context.body(null, 202);
    })
    .post("/:id/resume", (context) => {
      services.resume(pathParameter(context, "id"));
      return context.body(null, 202);
    })
    .post("/:id/scale", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const { numInstances } = await readBody(context, z.object({ numInstances: z.number().int().min(1) }));
      service.serviceDetails.numInstances = numInstances;
      store.save();
      return context.body(null, 202);
    })
    .put("/:id/autoscaling", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const autoscaling = await readBody(context, z.looseObject({ enabled: z.boolean() }));
      service.serviceDetails = { ...service.serviceDetails, autoscaling };
      store.save();
      return context.json(autoscaling);
    })
    .delete("/:id/autoscaling", (context) => {
      const { autoscaling: _gone, ...others } = services.get(pathParameter(context, "id")).serviceDetails;
      services.get(pathParameter(context, "id")).serviceDetails = others;
      store.save();
      return context.body(null, 204);
    })
    .get("/:id/events", (context) => {
      const service = services.get(pathParameter(context, "id"));
      const found = platform.events.of(service.id).filter((event) => matches(context, { type: event.type }));
      return context.json(
        page(
          context,
          found,
          "event",
          (event) => event.id,
          (event) => event,
        ),
      );
    });
}

/** `/events`. */
export function eventsApi(platform: Platform): Hono {
  return new Hono().get("/:id", (context) => {
    const id = pathParameter(context, "id");
    const event = platform.events.find(id);
    if (event === undefined) throw notFound(id);
    return context.json(event);
  });
}

/** The details after a change: what it leaves out stays, also within the details of the runtime. */
function merge(
  before: Readonly<Record<string, unknown>>,
  after: z.infer<typeof details>,
): z.infer<typeof serviceDetails> {
  const runtime = after.runtime ?? after.env ?? before.runtime;
  const specific = z.looseObject({}).catch({}).parse(before.envSpecificDetails);
  return serviceDetails.parse({
    previews: { generation: "off" },
    pullRequestPreviewsEnabled: "no",
    buildPlan: "starter",
    ...before,
    ...after,
    ...(after.previews === undefined
      ? {}
      : { previews: { generation: "off", ...z.looseObject({}).catch({}).parse(after.previews) } }),
    runtime,
    env: runtime,
    envSpecificDetails: { ...defaultsOf(runtime), ...specific, ...after.envSpecificDetails },
  });
}

function defaultsOf(runtime: unknown): Record<string, string> {
  const container = runtime === "image" || runtime === "docker";
  return container
    ? { dockerCommand: "", dockerContext: "", dockerfilePath: "" }
    : { buildCommand: "", startCommand: "" };
}
