import { z } from "zod";
import { notOneOf } from "../runtime/errors.ts";
import { type Field, shapeOf, spelled, written } from "./field.ts";
import { HEALTH_PATH, isHealthPath } from "./health-address.ts";
import { parseRegion, type Region } from "./spellings.ts";

interface ServiceField extends Field {
  /** What changing it does; Markdown. */
  readonly changing: string;
}

const variableName = written("must be a variable's name of letters, digits and _", /^[A-Za-z_][A-Za-z0-9_]*$/);

const variables = z.record(
  variableName,
  written("must be a text, and not empty: Render refuses empty variables", /[\s\S]/),
);

/** What a variable may hold of an instance. */
const PARTS = ["url", "host", "port", "password"] as const;

const useSchema = z.strictObject({
  /** The instance's key in the environment's file. */
  redis: z.string({ error: ({ input }) => (input === undefined ? "is missing." : "must be an instance's key.") }),
  as: z.enum(PARTS, { error: ({ input }) => notOneOf(PARTS, input).message }).prefault("url"),
  /** The number of the database, at the end of the URL. */
  database: z.int().min(0).max(15).optional(),
});

/** What one variable of a service holds. */
export interface Use extends Readonly<z.output<typeof useSchema>> {}

/** Of an instance its URL, or a part of it. */
const use = z
  .custom<string | z.input<typeof useSchema>>()
  .transform((input): unknown => (typeof input === "string" ? { redis: input } : input))
  .pipe(useSchema);

/** A service's id. A cron job's begins with `crn-`. */
export const SERVICE_ID = /^(?:srv|crn)-[a-z0-9]{20}$/;
export const SERVICE_ID_FORM = '"srv-", or "crn-" of a cron job, and 20 letters or digits';

/** What uses an instance on Render, field by field. It exists already; what it reads is given to it. */
export const SERVICE = {
  /** The existing service's name on Render: preflight refuses another one behind the id. */
  name: {
    schema: written("must be a service's name", /\S/),
    what: "the existing service's name on Render, which preflight compares",
    changing: "–",
    proven: true,
  },
  /** The service's id (`srv-…`, or `crn-…` of a cron job). Left out, the Terraform variable `<key>_service_id` has it. */
  id: {
    schema: written(`must be a service's id: ${SERVICE_ID_FORM}`, SERVICE_ID).optional(),
    what: "its id, `srv-…`, or `crn-…` of a cron job",
    otherwise: "`TF_VAR_<key>_service_id`",
    changing: "links the other service",
  },
  /** Whether another environment may have the same service; it must say so, too. Default no. */
  sharesService: {
    schema: z.boolean().optional(),
    what: "another environment has the same service, and says so, too",
    otherwise: "`false`",
    changing: "no effect on data",
  },
  /** What the service reads of which instance, by the variable's name. */
  uses: {
    schema: z.record(variableName, use).refine((uses) => Object.keys(uses).length > 0, {
      error: "must name a variable, and the instance that it is of.",
    }),
    what: 'its variables: `{ REDIS_URL: "queue" }`, or `{ redis: "queue", as: "host" }`; `as` is `url`, `host`, `port` or `password`, `database` 0 to 15',
    changing: "at the next deploy",
  },
  /** What the service reads beside. Not for secrets: the file and the Terraform show them. Default nothing. */
  env: {
    schema: variables.prefault({}),
    what: "what the service reads beside; no secrets",
    otherwise: "nothing",
    changing: "at the next deploy",
    proven: true,
  },
  /** Where the service runs, for the policy to compare with the instance's region. Default whatever Render says at deploy. */
  region: {
    schema: spelled<Region, Region>(parseRegion).optional(),
    what: "where it runs, for the policy to compare",
    otherwise: "unknown",
    changing: "no effect on data",
  },
  /**
   * A path that the service answers on when it is well, such as `/health`, or a whole address, where it has only a domain
   * of its own; it is asked after each roll-out.
   */
  healthPath: {
    schema: written(HEALTH_PATH, { test: isHealthPath }).optional(),
    what: "is asked after each roll-out, such as `/health`; a whole address where it has only a domain of its own",
    otherwise: "none",
    changing: "runs the checks on the service again",
    proven: true,
  },
  /**
   * A command of the service that drains the Redis at `REDIS_URL`, by the instance: it processes every waiting job, then
   * ends. It is run as a one-off job before the instance is destroyed. Without it, what waits in the instance then is lost.
   */
  drain: {
    schema: z.record(z.string(), written("must be a command", /\S/)).prefault({}),
    what: 'by instance, what processes the jobs that wait in it before it is destroyed: `{ queue: "node drain.js" }`',
    otherwise: "none: they are lost",
    changing: "no effect on data",
  },
  /** Seconds that a roll-out may take, with the wait for a deploy that is in progress. Default 900. */
  rollOutSeconds: {
    schema: z.int().min(10).max(3600).prefault(900),
    what: "how long a roll-out may take, with the wait for a deploy in progress",
    otherwise: "900",
    changing: "no effect on data",
    proven: true,
  },
  /** The name of the environment group that gives the service its variables. */
  groupName: {
    schema: written("must be a group's name", /\S/).optional(),
    what: "the name of its environment group",
    otherwise: "`<name>-redis-env`",
    changing: "no effect on data",
  },
  /** The key that it had before: what exists is moved to the new one, and nothing else happens. */
  formerly: {
    schema: written("must be the key that it had", /^[a-z][a-z0-9_]*$/).optional(),
    what: "the key that it had before: what exists is moved",
    otherwise: "none",
    changing: "no effect on data",
  },
} as const satisfies Readonly<Record<string, ServiceField>>;

/** Reads a service as people write it, and decides its group's name. */
export const serviceSchema = z
  .strictObject(shapeOf(SERVICE))
  .transform((service) => ({ ...service, groupName: service.groupName ?? `${service.name}-redis-env` }));

/** A service as people write it. */
export interface ServiceInput extends z.input<typeof serviceSchema> {}

/** A service with everything decided but its id, which may be left to whoever deploys. */
export interface Service extends z.output<typeof serviceSchema> {}

/** Terraform's variable for a service's id that the file leaves to whoever deploys. */
export function serviceIdVariable(key: string): string {
  return `${key}_service_id`;
}

/** Where a service's id is set, in words for a remedy: the field of the file, and the variable of the shell. */
export function whereIdIsSet(key = "backend"): { readonly field: string; readonly variable: string } {
  const field = key === "backend" ? "backend.serviceId" : `services.${key}.id`;
  return { field, variable: `TF_VAR_${serviceIdVariable(key)}` };
}

/** A service's id: from the file, or from the shell; `undefined` where neither has it. */
export function serviceIdOf(key: string, { id }: Pick<Service, "id">, env: NodeJS.ProcessEnv): string | undefined {
  return id ?? (env[whereIdIsSet(key).variable] || undefined);
}

/** The services that use an instance, where their ids are known: the first one's one-off jobs run inside, or another's. */
export function jobServicesOf(
  services: Readonly<Record<string, Pick<Service, "id" | "uses">>>,
  instance: string,
  env: NodeJS.ProcessEnv,
): { readonly serviceId: string | undefined; readonly otherServiceIds: readonly string[] } {
  const using = Object.entries(services).filter(([, { uses }]) => {
    return Object.values(uses).some(({ redis }) => redis === instance);
  });
  const ids = using.map(([key, service]) => serviceIdOf(key, service, env)).filter((id) => id !== undefined);
  return { serviceId: ids[0], otherServiceIds: ids.slice(1) };
}

/** What a service should read, and how it is rolled out and drained: what the steps are told, and the checks prove. */
export const expectedServiceSchema = z.object({
  /** Its key in the environment's file, unless that is `backend`. */
  key: z.string().optional(),
  name: SERVICE.name.schema,
  serviceId: written(`must be a service's id: ${SERVICE_ID_FORM}`, SERVICE_ID),
  groupName: z.string().min(1),
  /** By the variable's name. */
  uses: z.record(z.string(), useSchema),
  env: variables,
  healthPath: SERVICE.healthPath.schema,
  /** By the instance's key. */
  drain: z.record(z.string(), z.string().min(1)),
  rollOutSeconds: SERVICE.rollOutSeconds.schema.unwrap(),
});

export interface ExpectedService extends Readonly<z.output<typeof expectedServiceSchema>> {}

export function expectedService(
  { name, groupName, ...service }: Service,
  serviceId: string,
  key = "backend",
): ExpectedService {
  const { uses, env, healthPath, drain, rollOutSeconds } = service;
  const health = healthPath === undefined ? {} : { healthPath };
  const named = key === "backend" ? {} : { key };
  return { ...named, name, serviceId, groupName, uses, env, ...health, drain, rollOutSeconds };
}

/** The keys of the instances that a service uses, each once. */
export function instancesOf({ uses }: Pick<Service, "uses">): string[] {
  return [...new Set(Object.values(uses).map(({ redis }) => redis))];
}

/** Whether it runs by a schedule: then nothing of it is rolled out, and its next run reads the variables. */
export function isCronJob(serviceId: string): boolean {
  return serviceId.startsWith("crn-");
}
