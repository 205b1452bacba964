import { z } from "zod";
import { type Field, provenOf, provenShapeOf, shapeOf, spelled, written } from "./field.ts";
import { HEALTH_PATH, isHealthPath } from "./health-address.ts";
import { parseRegion, type Region } from "./spellings.ts";

interface ServiceField extends Field {
  /** What changing it does; Markdown. */
  readonly changing: string;
}

const variables = z
  .record(
    written("must be a variable's name of letters, digits and _", /^[A-Za-z_][A-Za-z0-9_]*$/),
    written("must be a text, and not empty: Render refuses empty variables", /[\s\S]/),
  )
  .refine((env) => !("REDIS_URL" in env), {
    error: "must not hold REDIS_URL: it is built from the instance. Remove it.",
  });

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
  /** The service's id (`srv-…`, or `crn-…` of a cron job). Left out, the Terraform variable `backend_service_id` has it. */
  serviceId: {
    schema: written(`must be a service's id: ${SERVICE_ID_FORM}`, SERVICE_ID).optional(),
    what: "its id, `srv-…`, or `crn-…` of a cron job",
    otherwise: "`TF_VAR_backend_service_id`",
    changing: "links the other service",
    proven: true,
  },
  /** Whether another environment may have the same service; it must say so, too. Default no. */
  sharesService: {
    schema: z.boolean().optional(),
    what: "another environment has the same service, and says so, too",
    otherwise: "`false`",
    changing: "no effect on data",
  },
  /** What the service reads beside `REDIS_URL`. Not for secrets: the file and the Terraform show them. */
  env: {
    schema: variables.prefault({ ENABLE_QUEUES: "true" }),
    what: "what the service reads beside `REDIS_URL`; no secrets",
    otherwise: '`ENABLE_QUEUES: "true"`',
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
   * A command of the service that drains the Redis at `REDIS_URL`: it processes every waiting job, then ends. It is run as
   * a one-off job before an instance is destroyed. Without it, what waits in the instance then is lost.
   */
  drainCommand: {
    schema: written("must be a command", /\S/).optional(),
    what: "processes what waits in an instance before that is destroyed",
    otherwise: "none: it is lost",
    changing: "no effect on data",
    proven: true,
  },
  /** Seconds that a roll-out may take, with the wait for a deploy that is in progress. Default 900. */
  rollOutSeconds: {
    schema: z.int().min(10).max(3600).prefault(900),
    what: "how long a roll-out may take, with the wait for a deploy in progress",
    otherwise: "900",
    changing: "no effect on data",
    proven: true,
  },
} as const satisfies Readonly<Record<string, ServiceField>>;

/** Reads a service as people write it. */
export const serviceSchema = z.strictObject(shapeOf(SERVICE));

/** A service with everything decided but its id, which may be left to whoever deploys. */
export interface Service extends z.output<typeof serviceSchema> {}

/** What a service should read, and how it is rolled out and drained: what the steps are told, and the checks prove. */
export const expectedServiceSchema = z
  .object({
    ...provenShapeOf(SERVICE),
    /** The environment group that gives it its variables. */
    groupName: z.string().min(1),
  })
  .required({ serviceId: true });

export interface ExpectedService extends Readonly<z.output<typeof expectedServiceSchema>> {}

/** @param instance The name of the instance that the service uses; the group is named after it. */
export function expectedService(service: Service, serviceId: string, instance: string): ExpectedService {
  const { name, serviceId: _, ...rest } = provenOf(SERVICE, service);
  return { name, serviceId, groupName: `${instance}-env`, ...rest };
}
