import ipaddr from "ipaddr.js";
import { z } from "zod";
import { get, list, mayLack, remove, send } from "../../../render/api/endpoint.ts";
import { API, deploy, envGroup, envVar, job, keyValue, owner, service } from "../../../render/api/endpoints.ts";

export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

const none = z.undefined();
const name = z.string("must be a text").min(1, "must not be empty");
const ownerId = z.string("must be the id of a workspace");
const numInstances = z.number().int().min(1);
const runtimeDetails = z.looseObject({ startCommand: z.string().optional() });

const ipAllowList = z.array(
  z.object({
    cidrBlock: z.string("must be a block such as 203.0.113.0/24").refine(ipaddr.isValidCIDR, {
      error: "must be a block such as 203.0.113.0/24",
    }),
    description: z.string("must be a text"),
  }),
);

const keyValueChange = z.object({
  name: name.optional(),
  plan: z.string("must be the name of a plan").optional(),
  maxmemoryPolicy: z.string().optional(),
  persistenceMode: z.string().optional(),
  ipAllowList: ipAllowList.nullish(),
});

const newKeyValue = keyValueChange.extend({
  name,
  plan: z.string("must be the name of a plan"),
  ownerId,
  region: z.string().optional(),
  environmentId: z.string().optional(),
});

/** A variable's value, or the order that Render makes one up. */
const value = z.union([z.object({ value: z.string() }), z.object({ generateValue: z.literal(true) })], {
  error: 'must be {"value": "…"} or {"generateValue": true}',
});
const variableName = z
  .string("must be a text")
  .regex(VARIABLE_NAME, "must be a name of letters, digits and _ that does not begin with a digit");
const variables = z.array(z.object({ key: variableName }).and(value));
export const file = z.object({ name: z.string().min(1), content: z.string() });

const newEnvGroup = z.object({
  name,
  ownerId,
  environmentId: z.string().optional(),
  envVars: variables.nullish(),
  secretFiles: z.array(file).nullish(),
  serviceIds: z.array(z.string()).nullish(),
});

const paths = z.array(z.string()).nullish();
/** Of a repository: what must change, or may, without a build. */
export const buildFilter = z.object({ paths, ignoredPaths: paths });

const newService = z.object({
  name,
  ownerId,
  type: z.enum(["web_service", "private_service", "background_worker", "cron_job", "static_site"]),
  autoDeploy: z.enum(["yes", "no"]).optional(),
  autoDeployTrigger: z.enum(["commit", "checksPass", "off"]).optional(),
  repo: z.string().optional(),
  branch: z.string().optional(),
  buildFilter: buildFilter.optional(),
  image: z.object({ imagePath: z.string() }).optional(),
  rootDir: z.string().optional(),
  environmentId: z.string().optional(),
  serviceDetails: z
    .looseObject({
      plan: z.string().optional(),
      region: z.string().optional(),
      runtime: z.string().optional(),
      env: z.string().optional(),
      envSpecificDetails: runtimeDetails.optional(),
      healthCheckPath: z.string().optional(),
      numInstances: numInstances.optional(),
    })
    .optional(),
  envVars: variables.nullish(),
});
const serviceChange = newService.omit({ ownerId: true, type: true, environmentId: true, envVars: true }).partial();

const newDeploy = z
  .object({
    deployMode: z.enum(["deploy_only", "build_and_deploy"]).optional(),
    clearCache: z.enum(["clear", "do_not_clear"]).optional(),
    commitId: z.string().optional(),
    imageUrl: z.string().optional(),
  })
  // No body asks for a new build.
  .prefault({});

const newJob = z.object({
  startCommand: z.string("must be a command").min(1, "must not be empty"),
  planId: z.string().optional(),
});

export const project = z.object({
  id: z.string(),
  name: z.string(),
  owner,
  environmentIds: z.array(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** `null` means none. */
const ids = z.array(z.string()).nullable();
export const environment = z.object({
  id: z.string(),
  name: z.string(),
  projectId: z.string(),
  networkIsolationEnabled: z.boolean().optional(),
  protectedStatus: z.string(),
  /** Older recordings have none. */
  ipAllowList: mayLack(ipAllowList, []),
  databasesIds: ids,
  envGroupIds: ids,
  redisIds: ids,
  serviceIds: ids,
});

export const event = z.object({
  id: z.string(),
  timestamp: z.string(),
  serviceId: z.string(),
  type: z.string(),
  details: z.record(z.string(), z.string()),
});

/** Where the logs of one resource go instead of the workspace's log stream. Render never shows the token. */
export const logStream = z.object({
  resourceId: z.string(),
  setting: z.enum(["send", "drop"]),
  endpoint: z.string(),
});

const autoscaling = z.looseObject({ enabled: z.boolean() });

const newLogStream = z.object({
  setting: z.enum(["send", "drop"]),
  endpoint: z.string().optional(),
  token: z.string().optional(),
});

const logsQuery = z.object({
  ownerId: z.string("must be given"),
  /** Also several, separated by commas. */
  resource: z.string("must be given: the id of a service, a job or an instance"),
  direction: z.enum(["forward", "backward"]).optional(),
  limit: z.coerce.number<string>().int().min(1).max(100).optional(),
  startTime: z.string().optional(),
  endTime: z.string().optional(),
  text: z.string().optional(),
  level: z.string().optional(),
  type: z.string().optional(),
});

/**
 * What the emulator serves, and the provider calls, beyond what the product calls. Key Value's older dialect, `/redis`, is
 * in its routes.
 */
export const RENDER_API = {
  ...API,
  getOwner: get("/owners/:id", owner),

  createKeyValue: send("POST", "/key-value", newKeyValue, keyValue, 201),
  updateKeyValue: send("PATCH", "/key-value/:id", keyValueChange, keyValue),
  deleteKeyValue: remove("/key-value/:id"),
  suspendKeyValue: send("POST", "/key-value/:id/suspend", none, none, 202),
  resumeKeyValue: send("POST", "/key-value/:id/resume", none, none, 202),

  createEnvGroup: send("POST", "/env-groups", newEnvGroup, envGroup, 201),
  renameEnvGroup: send("PATCH", "/env-groups/:id", z.object({ name }), envGroup),
  deleteEnvGroup: remove("/env-groups/:id"),
  getGroupVariable: get("/env-groups/:id/env-vars/:key", envVar),
  setGroupVariable: send("PUT", "/env-groups/:id/env-vars/:key", value, envGroup),
  deleteGroupVariable: remove("/env-groups/:id/env-vars/:key"),
  getGroupFile: get("/env-groups/:id/secret-files/:name", file),
  setGroupFile: send("PUT", "/env-groups/:id/secret-files/:name", file.pick({ content: true }), envGroup),
  deleteGroupFile: remove("/env-groups/:id/secret-files/:name"),
  linkService: send("POST", "/env-groups/:id/services/:serviceId", none, envGroup),
  unlinkService: remove("/env-groups/:id/services/:serviceId"),

  listServices: { ...API.listServices, item: service },
  /** There is one workspace, and Render does not show whose a Blueprint is. */
  listBlueprints: { ...API.listBlueprints, filters: [] },
  createService: send("POST", "/services", newService, z.object({ deployId: z.string(), service }), 201),
  updateService: send("PATCH", "/services/:id", serviceChange, service),
  deleteService: remove("/services/:id"),
  restartService: send("POST", "/services/:id/restart", none, none),
  suspendService: send("POST", "/services/:id/suspend", none, none, 202),
  resumeService: send("POST", "/services/:id/resume", none, none, 202),
  scaleService: send("POST", "/services/:id/scale", z.object({ numInstances }), none, 202),
  setAutoscaling: send("PUT", "/services/:id/autoscaling", autoscaling, autoscaling),
  deleteAutoscaling: remove("/services/:id/autoscaling"),
  /** `null` wipes them all. The real provider sends it whenever a configuration leaves `env_vars` out. */
  setServiceVariables: send(
    "PUT",
    "/services/:id/env-vars",
    variables.nullish(),
    z.array(z.object({ envVar, cursor: z.string() })),
  ),
  getServiceVariable: get("/services/:id/env-vars/:key", envVar),
  setServiceVariable: send("PUT", "/services/:id/env-vars/:key", value, envVar),
  deleteServiceVariable: remove("/services/:id/env-vars/:key"),
  listServiceEvents: list("/services/:id/events", "event", event, "type"),
  getEvent: get("/events/:id", event),

  /** Everything that can be asked of a deploy, where the product only ever reuses the last build. */
  startDeploy: send("POST", "/services/:id/deploys", newDeploy, deploy.optional(), 201, 202),
  cancelDeploy: send("POST", "/services/:id/deploys/:deployId/cancel", none, deploy),
  createJob: send("POST", "/services/:id/jobs", newJob, job, 201),
  listJobs: list("/services/:id/jobs", "job", job, "status"),
  cancelJob: send("POST", "/services/:id/jobs/:jobId/cancel", none, job),

  listProjects: list("/projects", "project", project, "name", "ownerId"),
  getProject: get("/projects/:id", project),
  listEnvironments: list("/environments", "environment", environment, "projectId", "name"),
  getEnvironment: get("/environments/:id", environment),
  addToEnvironment: send(
    "POST",
    "/environments/:id/resources",
    z.object({ resourceIds: z.array(z.string()) }),
    environment,
    201,
  ),
  removeFromEnvironment: { ...remove("/environments/:id/resources"), sent: z.object({ resourceIds: z.string() }) },

  getLogs: { ...API.getLogs, sent: logsQuery },
  getLogStream: get("/logs/streams/resource/:id", logStream),
  setLogStream: send("PUT", "/logs/streams/resource/:id", newLogStream, logStream),
  deleteLogStream: remove("/logs/streams/resource/:id"),
  getMetric: { ...API.getMetric, sent: z.object({ resource: z.string().optional() }).optional() },
} as const;
