import { z } from "zod";
import type { BackendDescription } from "../render/backend-description.ts";
import type { InstanceDescription } from "../render/instance-description.ts";
import { choosePersistence, choosePlan } from "../render/plans.ts";
import { parseEvictionPolicy, parseRegion } from "../render/spellings.ts";
import { InvalidValue, nearest, notOneOf } from "../runtime/errors.ts";
import { STATE_TYPES, stateSchema } from "./state.ts";

/** A text that one of our parsers reads; the parser's sentence becomes the issue's message. */
function parsedBy<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      return reject(context, error);
    }
  });
}

function reject(context: z.RefinementCtx, error: unknown, path: string[] = []): never {
  if (!(error instanceof InvalidValue)) throw error;
  context.addIssue({ code: "custom", message: error.message, path });
  return z.NEVER;
}

function text(rule: string, pattern: RegExp) {
  return z.string({ error: (issue) => new InvalidValue(rule, issue.input).message }).regex(pattern, {
    error: (issue) => new InvalidValue(rule, issue.input).message,
  });
}

const cidr = z.string().superRefine((block, context) => {
  if (z.union([z.cidrv4(), z.cidrv6()]).safeParse(block).success) return;
  const bare = z.union([z.ipv4(), z.ipv6()]).safeParse(block).success;
  const hint = bare ? `Did you mean "${block}/${block.includes(":") ? 128 : 32}"?` : undefined;
  reject(context, new InvalidValue('must be a CIDR block such as "203.0.113.7/32"', block, hint));
});

const redisSchema = z
  .strictObject({
    /** The instance's name on Render. Changing it: no effect on data. */
    name: text("must be a name of 1 to 100 characters", /^\S(.{0,98}\S)?$/),
    /** Changing it: replaces the instance, which loses data and changes the URL. */
    region: parsedBy(parseRegion),
    /** Changing it: restarts; from `free` it loses data. Never downwards. */
    plan: z.string().optional(),
    /** How much memory the plan must have, for example `"1 GB"`. Instead of the plan, or to make sure of it. */
    memory: z.string().optional(),
    /** What happens when memory is full. Default never evict. Changing it: restarts. */
    evictionPolicy: parsedBy(parseEvictionPolicy).default("noeviction"),
    /** Default the plan's own. Changing it: restarts; to or from `off` it loses data. */
    persistence: z.string().optional(),
    /** Who may connect from outside Render. Default nobody. Changing it: no effect on data. */
    ipAllowList: z
      .array(z.strictObject({ cidrBlock: cidr, description: text("must be a description", /\S/) }))
      .default([]),
    /** A Render project's environment (`evm-…`). Changing it: no effect on data. */
    environmentId: text('must be an environment\'s id such as "evm-…"', /^evm-[a-z0-9]{20}$/).optional(),
    /** Whether Terraform refuses to destroy the instance. Default yes. Changing it: no effect on data. */
    deletionProtection: z.boolean().default(true),
    /** Whether internal authentication was switched on in Render's dashboard. Default no. */
    internalAuthentication: z.boolean().default(false),
  })
  .transform((redis, context) => {
    const { memory, plan: plainPlan, persistence: plainPersistence, ...rest } = redis;
    let plan: ReturnType<typeof choosePlan>;
    try {
      plan = choosePlan({ plan: plainPlan, memory });
    } catch (error) {
      return reject(context, error, [plainPlan === undefined && memory !== undefined ? "memory" : "plan"]);
    }
    try {
      return { ...rest, plan, persistence: choosePersistence(plan, plainPersistence) };
    } catch (error) {
      return reject(context, error, ["persistence"]);
    }
  });

const backendSchema = z.strictObject({
  /** The existing web service's name on Render, for people. */
  name: text("must be a service's name", /\S/),
  /** The service's id (`srv-…`). Left out, the Terraform variable `backend_service_id` has it. */
  serviceId: text('must be a service\'s id such as "srv-" and 20 letters or digits', /^srv-[a-z0-9]{20}$/).optional(),
  /** Where the service runs, for the policy to compare with the instance's region. Default whatever Render says at deploy. */
  region: parsedBy(parseRegion).optional(),
  /** What the backend reads beside `REDIS_URL`. Not for secrets: the file and the Terraform show them. */
  env: z
    .record(
      text("must be a variable's name of letters, digits and _", /^[A-Za-z_][A-Za-z0-9_]*$/),
      text("must be a text, and not empty: Render refuses empty variables", /[\s\S]/),
    )
    .default({ ENABLE_QUEUES: "true" })
    .refine((env) => !("REDIS_URL" in env), {
      error: "must not hold REDIS_URL: it is built from the instance. Remove it.",
    }),
  /** A path that the backend answers on when it is well, such as `/health`; it is asked after each roll-out. */
  healthPath: text('must be a path such as "/health"', /^\/[^\s?#]*$/).optional(),
  /**
   * A command of the backend that works off everything that waits in the Redis at `REDIS_URL`, then ends. It is run as
   * a one-off job before an instance is destroyed. Without it, what waits in the instance then is lost.
   */
  drainCommand: text("must be a command", /\S/).optional(),
  /** Seconds that a roll-out may take. Default 900. */
  rollOutSeconds: z.int().min(10).max(3600).default(900),
});

const checksSchema = z.strictObject({
  /** Seconds that the checks may take in all, waiting for the instance included. Default 300. */
  deadlineSeconds: z.int().min(10).max(3600).default(300),
  /** Whether a check that could not run lets the deploy go on. Default no: unknown is not pass. */
  acceptUnknown: z.boolean().default(false),
});

const exceptionSchema = z.strictObject({
  /** A rule's id, from `docs/rules.md`. */
  rule: text("must be a rule's id, as docs/rules.md lists them", /^[a-z-]+$/),
  /** Why it does not hold here, and until when. Reviews show it. */
  reason: text("must be a reason of at least 10 characters", /^\S[\s\S]{9,}$/),
});

/** One deployment: one file in this folder, one stack, one Terraform state. */
export const environmentSchema = z.strictObject({
  /** Names the stack and the state. Changing it: leaves the old state, and what it holds, behind. */
  name: text("must be lower-case letters, digits and -, beginning with a letter", /^[a-z][a-z0-9-]{0,38}$/),
  redis: redisSchema,
  backend: backendSchema,
  state: stateSchema,
  checks: checksSchema.prefault({}),
  /** Rules of the policy that do not hold here, each with the reason. Default none. */
  exceptions: z.array(exceptionSchema).default([]),
});

/** An environment as its file writes it. */
export type EnvironmentInput = z.input<typeof environmentSchema>;

/** An environment with everything decided. */
export type Environment = z.output<typeof environmentSchema>;

/** An environment file with mistakes in it. The message is for the person who wrote it. */
export class EnvironmentError extends Error {
  constructor(name: string, mistakes: readonly string[]) {
    super(`The environment "${name}" is not valid:\n${mistakes.map((mistake) => `  ${mistake}`).join("\n")}`);
    this.name = "EnvironmentError";
  }
}

/**
 * Validates an environment.
 *
 * @throws EnvironmentError with a line for each mistake: the field, what is allowed, the value, and the nearest match.
 */
export function defineEnvironment(input: EnvironmentInput): Environment {
  const parsed = environmentSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const name = typeof input?.name === "string" ? input.name : "?";
  const mistakes = parsed.error.issues.flatMap((issue) => describeIssue(issue, input));
  throw new EnvironmentError(name, mistakes);
}

function describeIssue(issue: z.core.$ZodIssue, input: unknown): string[] {
  const path = issue.path.join(".");
  const got = valueAt(input, issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const like = nearest(key, KNOWN_FIELDS);
        const field = path === "" ? key : `${path}.${key}`;
        return `\`${field}\` is not a field.${like === undefined ? " Remove it." : ` Did you mean "${like}"?`}`;
      });
    case "invalid_key":
      return issue.issues.map((inner) => `\`${path}\` ${inner.message}`);
    case "invalid_union":
      if (got === undefined && issue.path.at(-1) === "type") break;
      return [`\`${path}\` ${notOneOf(STATE_TYPES, got).message}`];
    case "invalid_type":
      if (got === undefined) break;
      return [`\`${path}\` ${new InvalidValue(`must be of type ${issue.expected}`, got).message}`];
    case "too_small":
      return [`\`${path}\` ${new InvalidValue(`must be at least ${issue.minimum}`, got).message}`];
    case "too_big":
      return [`\`${path}\` ${new InvalidValue(`must be at most ${issue.maximum}`, got).message}`];
    default:
      return [`\`${path}\` ${issue.message}`];
  }
  return [`\`${path}\` is missing.`];
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
}

const KNOWN_FIELDS = [
  ...Object.keys(environmentSchema.shape),
  ...Object.keys(redisSchema.in.shape),
  ...Object.keys(backendSchema.shape),
  ...Object.keys(checksSchema.shape),
  ...Object.keys(exceptionSchema.shape),
];

/** The part of an environment that the checks prove. */
export function describeInstance(environment: Environment): InstanceDescription {
  const { name, region, plan, evictionPolicy, persistence, ipAllowList, internalAuthentication } = environment.redis;
  return {
    environment: environment.name,
    name,
    region,
    plan,
    evictionPolicy,
    persistence,
    ipAllowList,
    internalAuthentication,
  };
}

/**
 * What the backend should read, and how it is rolled out.
 *
 * @param serviceId The service's id, which the environment may leave to whoever deploys.
 */
export function describeBackend(environment: Environment, serviceId: string): BackendDescription {
  const { name, env, healthPath, drainCommand, rollOutSeconds } = environment.backend;
  return {
    name,
    serviceId,
    groupName: `${environment.redis.name}-env`,
    env,
    ...(healthPath === undefined ? {} : { healthPath }),
    ...(drainCommand === undefined ? {} : { drainCommand }),
    rollOutSeconds,
  };
}
