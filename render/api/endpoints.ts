import { z } from "zod";
import { get, list, mayLack, send } from "./endpoint.ts";

/**
 * A Key Value instance as the API shows it.
 *
 * Plan, policy, region, mode and status are plain strings here: Render adds values (in August 2026 it renamed all
 * plans), and an unknown one is for the reader to judge, not a reason to refuse the answer.
 */
export const keyValue = z.object({
  id: z.string(),
  name: z.string(),
  plan: z.string(),
  region: z.string(),
  /** `unknown` right after creation, then `creating`, then `available`. */
  status: z.string(),
  version: z.string().optional(),
  environmentId: z.string().nullish(),
  options: z.object({ maxmemoryPolicy: z.string(), persistenceMode: mayLack(z.string(), "unknown") }),
  /** Who may connect from outside; `null` means nobody. */
  ipAllowList: z
    .array(z.object({ cidrBlock: z.string(), description: z.string() }))
    .nullish()
    .transform((entries) => entries ?? []),
  owner: z.object({ id: z.string() }),
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** How to reach an instance. The external URL holds the password, and exists even when nobody may use it. */
export const connectionInfo = z.object({
  internalConnectionString: z.string(),
  externalConnectionString: z.string(),
  cliCommand: z.string(),
});

/** A variable of a service or a group. */
export const envVar = z.object({ key: z.string(), value: z.string() });

/** An environment group as a list shows it: without what is in it. */
export const envGroupSummary = z.object({
  id: z.string(),
  name: z.string(),
  ownerId: z.string(),
  environmentId: z.string().nullish(),
  serviceLinks: mayLack(z.array(z.object({ id: z.string(), name: z.string(), type: z.string() })), []),
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** An environment group: variables and secret files that several services share. Changing one deploys nothing. */
export const envGroup = envGroupSummary.extend({
  envVars: mayLack(z.array(envVar), []),
  secretFiles: mayLack(z.array(z.object({ name: z.string(), content: z.string() })), []),
});

/** A service, as far as it matters to a Redis. */
export const service = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  ownerId: z.string(),
  environmentId: z.string().nullish(),
  autoDeploy: mayLack(z.string(), "unknown"),
  suspended: z.string(),
  dashboardUrl: z.string().optional(),
  /** A static site has neither region nor plan, and workers and cron jobs no address. */
  serviceDetails: z.object({
    region: z.string().nullish(),
    plan: z.string().nullish(),
    /** Of a private service `name:10000`: no scheme. */
    url: z.string().nullish(),
    /** `disabled`: only the service's own domains lead to it. */
    renderSubdomainPolicy: z.string().nullish(),
    /** Of a cron job that has run. */
    lastSuccessfulRunAt: z.string().nullish(),
  }),
});

/** One deploy of a service: the build, and the processes that were started with the variables of that moment. */
export const deploy = z.object({
  id: z.string(),
  /** Ends as `live`, or as one of {@link FAILED_DEPLOYS}; `deactivated` was live until a later one took its place. */
  status: mayLack(z.string(), "unknown"),
  trigger: z.string().nullish(),
  createdAt: mayLack(z.string(), ""),
});

/** How a deploy ends that never went live. The one before it keeps running. */
export const FAILED_DEPLOYS: readonly string[] = ["build_failed", "update_failed", "pre_deploy_failed", "canceled"];

/**
 * A one-off job: a command, run once inside Render's private network, with the variables that its service was configured with
 * when the job was created. Those need not be deployed.
 */
export const job = z.object({
  id: z.string(),
  serviceId: z.string(),
  /** `pending`, `running`, `succeeded`, `failed` or `canceled`; Render may leave it out, or say `null`. */
  status: mayLack(z.string(), "pending"),
  finishedAt: z.string().nullish(),
});

/** A workspace: a team's (`tea-…`) or a person's (`usr-…`). */
export const owner = z.object({ id: z.string(), name: z.string() });

/** A Blueprint: what a repository's `render.yaml` manages. */
const blueprint = z.object({ id: z.string(), name: z.string() });

/** One of Render's environments: a part of a project. */
const renderEnvironment = z.object({
  id: z.string(),
  name: z.string(),
  /** Whether services in it and outside of it cannot connect to each other. */
  networkIsolationEnabled: mayLack(z.boolean(), false),
});

const logs = z.object({
  hasMore: z.boolean(),
  /** With these two the same query continues where this answer ends. */
  nextStartTime: z.string(),
  nextEndTime: z.string(),
  logs: mayLack(z.array(z.object({ id: z.string(), message: z.string(), timestamp: z.string() })), []),
});

const logsQuery = z.object({
  ownerId: z.string(),
  /** The id of a service, a job or an instance. */
  resource: z.string(),
  direction: z.enum(["forward", "backward"]).optional(),
  limit: z.string().optional(),
  startTime: z.string().optional(),
  endTime: z.string().optional(),
});

/** What Render measured. A new instance has no series yet. */
const series = z.object({
  labels: z.array(z.object({ field: z.string(), value: z.string() })),
  unit: z.string(),
  values: z.array(z.object({ timestamp: z.string(), value: z.number() })),
});

/** A service, as far as a list is read: static sites have neither region nor plan. */
const serviceSummary = z.object({ id: z.string(), name: z.string() });

export type KeyValue = z.output<typeof keyValue>;
export type ConnectionInfo = z.output<typeof connectionInfo>;
export type EnvVar = z.output<typeof envVar>;
export type EnvGroupSummary = z.output<typeof envGroupSummary>;
export type EnvGroup = z.output<typeof envGroup>;
export type Service = z.output<typeof service>;
export type Deploy = z.output<typeof deploy>;
export type Job = z.output<typeof job>;
export type RenderEnvironment = z.output<typeof renderEnvironment>;
export type Owner = z.output<typeof owner>;

/**
 * Render's API, as far as this project calls it. The client calls through this table and the emulator serves through it.
 *
 * @see https://api-docs.render.com/reference
 */
export const API = {
  /** The workspaces that the API key can work in. */
  listOwners: list("/owners", "owner", owner),
  /** Names are not unique. */
  listKeyValues: list("/key-value", "keyValue", keyValue, "id", "name", "region", "environmentId", "ownerId"),
  getKeyValue: get("/key-value/:id", keyValue),
  getConnectionInfo: get("/key-value/:id/connection-info", connectionInfo),
  /** Without `ownerId` the groups of all workspaces that the key can see. Names are not unique. */
  listEnvGroups: list("/env-groups", "envGroup", envGroupSummary, "name", "environmentId", "ownerId"),
  getEnvGroup: get("/env-groups/:id", envGroup),
  listServices: list(
    "/services",
    "service",
    serviceSummary,
    ...(["name", "type", "environmentId", "suspended", "region", "env", "ownerId"] as const),
  ),
  getService: get("/services/:id", service),
  getEnvironment: get("/environments/:id", renderEnvironment),
  listBlueprints: list("/blueprints", "blueprint", blueprint, "ownerId"),
  getBlueprint: get("/blueprints/:id", blueprint.extend({ resources: mayLack(z.array(serviceSummary), []) })),
  /** Variables set on the service itself. Each wins over a variable of the same name in a linked group. */
  listServiceEnvVars: list("/services/:id/env-vars", "envVar", envVar),
  /** Newest first. */
  listDeploys: list("/services/:id/deploys", "deploy", deploy, "status"),
  getDeploy: get("/services/:id/deploys/:deployId", deploy),
  /**
   * `deploy_only` reuses the last build. Render may answer 202 without a body: the deploy is queued, and its id is only
   * in the list.
   */
  startDeploy: send(
    "POST",
    "/services/:id/deploys",
    z.object({ deployMode: z.enum(["deploy_only", "build_and_deploy"]) }),
    deploy.optional(),
    201,
    202,
  ),
  /** Only paid services have jobs; the time that one runs is billed by the second. */
  createJob: send("POST", "/services/:id/jobs", z.object({ startCommand: z.string() }), job, 201),
  getJob: get("/services/:id/jobs/:jobId", job),
  /** What a service, a job or an instance has logged, by default in the last hour. */
  getLogs: { ...get("/logs", logs), sent: logsQuery },
  /** Of the last hour unless told otherwise. Of a Key Value instance: `memory`, `memory-limit`, `active-connections`, not evictions. */
  getMetric: { ...get("/metrics/:metric", z.array(series)), sent: z.object({ resource: z.string() }) },
} as const;
