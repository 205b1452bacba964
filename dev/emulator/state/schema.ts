import { z } from "zod";
import { envVar } from "../../../render/api/endpoints.ts";
import { PLANS } from "../../../render/plans.ts";
import { EVICTION_POLICIES, PERSISTENCE_MODES, REGIONS } from "../../../render/spellings.ts";
import { buildFilter, environment, event, file, logStream, project } from "../api/endpoints.ts";

const timestamps = { createdAt: z.string(), updatedAt: z.string() };

const keyValueStatus = z.enum([
  "creating",
  "available",
  "unavailable",
  "config_restart",
  "updating_instance",
  "suspended",
]);

const keyValue = z.object({
  id: z.string(),
  name: z.string(),
  plan: z.union([z.enum(PLANS.map((plan) => plan.name)), z.templateLiteral(["Custom", z.string()])]),
  region: z.enum(REGIONS),
  status: keyValueStatus,
  environmentId: z.string().optional(),
  maxmemoryPolicy: z.enum(EVICTION_POLICIES),
  persistenceMode: z.enum(PERSISTENCE_MODES),
  ipAllowList: z.array(z.object({ cidrBlock: z.string(), description: z.string() })),
  password: z.string(),
  /** Render's dashboard-only switch: with it the internal URL, too, needs user and password. */
  internalAuthentication: z.boolean(),
  ...timestamps,
});

export type KeyValueStatus = z.infer<typeof keyValueStatus>;
export type KeyValueState = z.infer<typeof keyValue>;

const envGroup = z.object({
  id: z.string(),
  name: z.string(),
  environmentId: z.string().optional(),
  /** Newest first, as Render lists them. */
  envVars: z.array(envVar),
  secretFiles: z.array(file),
  serviceIds: z.array(z.string()),
  ...timestamps,
});

export type EnvGroupState = z.infer<typeof envGroup>;

/** The parts of `serviceDetails` that this Render acts on; the rest is kept as it was sent. */
export const serviceDetails = z.looseObject({
  region: z.enum(REGIONS),
  plan: z.string(),
  runtime: z.string(),
  env: z.string(),
  envSpecificDetails: z.looseObject({ startCommand: z.string().optional() }),
  healthCheckPath: z.string(),
  numInstances: z.number(),
});

const service = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(["web_service", "private_service", "background_worker", "cron_job", "static_site"]),
  environmentId: z.string().optional(),
  autoDeploy: z.enum(["yes", "no"]),
  autoDeployTrigger: z.enum(["commit", "checksPass", "off"]).optional(),
  repo: z.string().optional(),
  branch: z.string().optional(),
  buildFilter: buildFilter.optional(),
  imagePath: z.string().optional(),
  rootDir: z.string(),
  suspended: z.boolean(),
  serviceDetails,
  /** The loopback port of the service's public address; 0 until one was given. */
  publicPort: z.number(),
  envVars: z.array(envVar),
  /** What the running deploy was started with. Changes of variables and groups reach it only with the next deploy. */
  deployed: z.object({
    deployId: z.string(),
    env: z.record(z.string(), z.string()),
    startCommand: z.string().optional(),
    healthCheckPath: z.string(),
  }),
  ...timestamps,
});

export type ServiceState = z.infer<typeof service>;

const deployStatus = z.enum([
  "created",
  "queued",
  "build_in_progress",
  "update_in_progress",
  "live",
  "deactivated",
  "build_failed",
  "update_failed",
  "canceled",
  "pre_deploy_in_progress",
  "pre_deploy_failed",
]);

const deploy = z.object({
  id: z.string(),
  serviceId: z.string(),
  status: deployStatus,
  trigger: z.enum(["api", "manual", "service_resumed", "other"]),
  mode: z.enum(["deploy_only", "build_and_deploy"]),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  ...timestamps,
});

export type DeployStatus = z.infer<typeof deployStatus>;
export type DeployState = z.infer<typeof deploy>;

const job = z.object({
  id: z.string(),
  serviceId: z.string(),
  startCommand: z.string(),
  planId: z.string(),
  status: z.enum(["pending", "running", "succeeded", "failed", "canceled"]),
  createdAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
});

export type JobState = z.infer<typeof job>;

const projectState = project.pick({ id: true, name: true, createdAt: true, updatedAt: true });

const environmentState = environment
  .pick({ id: true, name: true, projectId: true })
  .extend({ networkIsolationEnabled: z.boolean(), protectedStatus: z.enum(["protected", "unprotected"]) });

export type ProjectState = z.infer<typeof projectState>;
export type EnvironmentState = z.infer<typeof environmentState>;

/** Everything that the emulator remembers between two runs. It holds secrets; only its owner can read its file. */
export const stateSchema = z.object({
  version: z.literal(1),
  apiKey: z.string(),
  ownerId: z.string(),
  /** Ports of the last run; kept so that what was exported stays valid. 0 until the first start. */
  apiPort: z.number(),
  gatewayPort: z.number(),
  /** Names the directory of sockets, which must be short and therefore cannot be in the state directory. */
  network: z.string(),
  keyValues: z.array(keyValue),
  envGroups: z.array(envGroup),
  services: z.array(service),
  deploys: z.array(deploy),
  jobs: z.array(job),
  projects: z.array(projectState),
  environments: z.array(environmentState),
  logStreams: z.array(logStream),
  events: z.array(event),
});

export type State = z.infer<typeof stateSchema>;
