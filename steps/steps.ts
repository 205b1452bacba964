import { z } from "zod";
import { expectedInstanceSchema } from "../render/instance.ts";
import { expectedServiceSchema, SERVICE_ID } from "../render/service.ts";
import { Stop } from "../runtime/errors.ts";

const required = z.string({ error: "is not set" });
const instanceId = required.regex(/^red-[a-z0-9-]+$/, "is not an instance's id (red-…)");
const serviceId = required.regex(SERVICE_ID, "is not a service's id (srv-…, crn-…)");
const WORKSPACE = "Set it to the workspace's id (tea-…): Render Dashboard, Settings.";

/** A JSON text. The issues say what is wrong and never show the text. */
function json<S extends z.ZodType>(schema: S) {
  return required
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "is not JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

const checksSchema = z.object({
  deadlineSeconds: z.int().positive(),
  acceptUnknown: z.boolean(),
  /** Whether a new instance is filled to its limit. */
  prove: z.boolean().optional(),
});
/** Where Terraform runs, so that the step can ask what the state knows. The construct gives it. */
const TERRAFORM_DIRECTORY = required.min(1);
/** The Terraform address of the instance. */
const REDIS_ADDRESS = required.regex(/^render_\w+\.[\w-]+$/, "is not an instance's address (render_keyvalue.…)");
/** The services whose one-off jobs can look at an instance from inside, in the order in which they are asked. */
const SERVICE_IDS = json(z.array(z.string()));
/** The key of a service, whose id is in Terraform's own variable where the environment's file leaves it out. */
const BACKEND_KEY = required.min(1);

interface Step {
  /** What there is one of it for. The address is made of that one's name and the step's: `null_resource.redis_checks`. */
  readonly each: "environment" | "instance" | "service";
  /** When Terraform runs it. At a removal it may be given only texts and what is in its own triggers. */
  readonly when: "create" | "destroy";
  /**
   * The variables that the construct gives it, as the program reads them: ids and descriptions, never a secret. A secret
   * would hide the output when the command succeeds, and be printed when it fails.
   */
  readonly reads: z.ZodRawShape;
  /** What it reads beside them in the environment that Terraform itself runs in, as it does `RENDER_API_KEY`. */
  readonly finds?: z.ZodRawShape;
  /** Its part of the address, where that is not its id. */
  readonly address?: string;
  /** The review's sentence, and what it is about. */
  readonly kind: "checks" | "redeploy" | "behaviour";
  readonly says: string;
}

/** Every command that an apply runs in Terraform's graph. The construct, the program and the review read this. */
export const STEPS = {
  /** The first of all: asks Render whether what is described can be deployed, and changes nothing. */
  preflight: {
    each: "environment",
    when: "create",
    reads: {
      REDIS_INSTANCES: json(z.record(z.string(), expectedInstanceSchema)),
      REDIS_CHECKS: json(checksSchema),
      SERVICES: json(z.record(z.string(), expectedServiceSchema)),
      TERRAFORM_DIRECTORY,
    },
    finds: {
      RENDER_OWNER_ID: z.string({ error: `is not set. ${WORKSPACE}` }).min(1, `is empty. ${WORKSPACE}`),
      /** What a person accepts to lose, as a review names it; several are separated by spaces. */
      RENDER_REDIS_ACK: z.string().optional(),
    },
    kind: "checks",
    says: "Preflight runs first. If it fails, nothing is changed.",
  },
  /**
   * Proves that the instance is the one described, before anything uses it. The checks fetch the connection string from
   * Render themselves.
   */
  checks: {
    each: "instance",
    when: "create",
    reads: {
      REDIS_INSTANCE_ID: instanceId,
      REDIS_EXPECTED: json(expectedInstanceSchema),
      REDIS_CHECKS: json(checksSchema),
      SERVICE_IDS,
      TERRAFORM_DIRECTORY,
    },
    kind: "checks",
    says: "Runs the checks. A failed check stops the apply.",
  },
  /**
   * Drains the queue before the instance is destroyed; when that fails, the instance stays. For an instance that is
   * replaced see `hand_over`: Terraform runs no such command when it destroys what it has replaced.
   */
  drain: {
    each: "instance",
    when: "destroy",
    reads: {
      REDIS_INSTANCE_ID: instanceId,
      BACKEND_DRAIN_COMMAND: required.min(1),
      BACKEND_KEY,
      BACKEND_SERVICE_ID: serviceId.optional(),
    },
    kind: "behaviour",
    says: "The service drains the queue before the instance is destroyed. If that fails, the instance stays.",
  },
  /**
   * Rolls a service out after its variables were removed, so that it lets go of the Redis before that is destroyed. In a region
   * that the instance has left, the service then drains the one that stays behind.
   */
  leave: {
    each: "service",
    when: "destroy",
    reads: {
      BACKEND_SERVICE_ID: serviceId,
      BACKEND_ROLL_OUT_SECONDS: z.coerce.number("is not a number of seconds").int().positive(),
      /** The instances that it drains, by address, each with its command. */
      BACKEND_DRAINS: json(z.record(REDIS_ADDRESS, z.string().min(1))).optional(),
      TERRAFORM_DIRECTORY,
    },
    kind: "redeploy",
    says: "The service is deployed again without the variables, so that it stops using the Redis.",
  },
  /**
   * Makes the running service read its variables, by a deploy that reuses its build, and waits until that is live: Render
   * deploys nothing when a group changes. When the deploy fails, the service keeps what it had.
   */
  roll_out: {
    each: "service",
    when: "create",
    reads: {
      BACKEND_EXPECTED: json(expectedServiceSchema),
      BACKEND_GROUP_ID: required.regex(/^evg-[a-z0-9]+$/, "is not a group's id (evg-…)"),
    },
    kind: "redeploy",
    says: "The service is deployed again, so that it reads its variables. The apply waits until the deploy is live.",
  },
  /** Proves after each roll-out that the service reads what it was given, and answers. */
  proof: {
    each: "service",
    when: "create",
    reads: {
      /** Those that it uses, by key. */
      REDIS_INSTANCES: json(z.record(z.string(), expectedInstanceSchema.extend({ id: instanceId }))),
      REDIS_CHECKS: json(checksSchema),
      BACKEND_EXPECTED: json(expectedServiceSchema),
      TERRAFORM_DIRECTORY,
    },
    address: "checks",
    kind: "checks",
    says: "Runs the checks. A failed check stops the apply.",
  },
  /** Drains the instances that a new one replaces, once the service uses the new one and before they are destroyed. */
  hand_over: {
    each: "instance",
    when: "create",
    reads: {
      REDIS_INSTANCE_ID: instanceId,
      REDIS_ADDRESS,
      TERRAFORM_DIRECTORY,
      BACKEND_SERVICE_ID: serviceId,
      BACKEND_DRAIN_COMMAND: required.min(1),
    },
    kind: "behaviour",
    says: "Moves the waiting jobs from the old instance. If that fails, the old instance is kept.",
  },
} as const satisfies Readonly<Record<string, Step>>;

type Steps = typeof STEPS;
export type StepId = keyof Steps;
const TABLE: Readonly<Record<StepId, Step>> = STEPS;
export const STEP_IDS = Object.keys(STEPS) as StepId[];

/** Whether a step asks what the state knows. */
export function readsState(step: StepId): boolean {
  return "TERRAFORM_DIRECTORY" in TABLE[step].reads;
}

/** What a construct's user must give a step: a text for each, or what gives one in Terraform. */
export type Given<Id extends StepId> = Texts<Omit<Reads<Id>, "TERRAFORM_DIRECTORY">>;
type Texts<T> = { readonly [K in keyof T]: string | Extract<T[K], undefined> };
type Reads<Id extends StepId> = z.output<z.ZodObject<Steps[Id]["reads"]>>;
/** What its program gets: the same, and what it finds. */
export type Read<Id extends StepId> = Reads<Id> &
  (Steps[Id] extends { readonly finds: infer F extends z.ZodRawShape } ? z.output<z.ZodObject<F>> : unknown);

export function commandOf(step: StepId): string {
  return `node render-redis.mjs step ${programName(step)}`;
}

/** How a command calls it: `roll-out`. */
export function programName(step: StepId): string {
  return step.replaceAll("_", "-");
}

const provisionerSchema = z.strictObject({
  "local-exec": z.strictObject({
    command: z.string(),
    working_dir: z.string(),
    environment: z.record(z.string(), z.string()),
    when: z.literal("destroy").optional(),
  }),
});

/**
 * The step that a provisioner is: one that has all that the construct generates, and nothing beside it. Every other one
 * is somebody else's, however alike.
 *
 * @param provisioner As in Terraform's JSON: `{ "local-exec": { … } }`.
 */
export function stepOfProvisioner(provisioner: unknown): StepId | undefined {
  const local = provisionerSchema.safeParse(provisioner).data?.["local-exec"];
  if (local === undefined) return undefined;
  const given = Object.keys(local.environment);
  return STEP_IDS.find((id) => {
    const { when, reads } = TABLE[id];
    return (
      local.command === commandOf(id) &&
      (local.when ?? "create") === when &&
      given.every((name) => Object.hasOwn(reads, wholeName(name, given))) &&
      Object.entries(reads).every(([name, schema]) => given.includes(name) || z.safeParse(schema, undefined).success)
    );
  });
}

/** How a part of a long variable is called, the first as the whole. @param number From 1. */
export function partName(name: string, number: number): string {
  return number === 1 ? name : `${name}_${number}`;
}

/** The variable that one is a part of: another than itself only where all parts before it are there. */
function wholeName(name: string, given: readonly string[]): string {
  const [, whole, number] = /^(.+)_([1-9]\d?)$/.exec(name) ?? [];
  if (whole === undefined) return name;
  const before = Array.from({ length: Number(number) - 1 }, (_, index) => partName(whole, index + 1));
  return before.length > 0 && before.every((part) => given.includes(part)) ? whole : name;
}

/** The name of a step's resource. @param subject The name of the instance or the service that it is for. */
export function resourceName(step: StepId, subject?: string): string {
  const name = TABLE[step].address ?? step;
  return subject === undefined ? name : `${subject}_${name}`;
}

/** The step behind a resource that the configuration no longer has, so that its command is not known. */
export function stepOfResource(name: string): StepId | undefined {
  return STEP_IDS.find((step) => {
    return TABLE[step].each === "environment" ? name === resourceName(step) : name.endsWith(resourceName(step, ""));
  });
}

/**
 * What Terraform hands over to a step's program.
 *
 * @throws Stop naming each variable that is missing or wrong; never a value.
 */
export function readStep<Id extends StepId>(step: Id, env: NodeJS.ProcessEnv): Read<Id> {
  const { reads, finds } = TABLE[step];
  const whole = Object.keys(reads).map((name) => [name, joined(name, env)]);
  const parsed = z.object({ ...reads, ...finds }).safeParse({ ...env, ...Object.fromEntries(whole) });
  if (parsed.success) return parsed.data as Read<Id>;
  const lines = parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}.`);
  throw new Stop(
    "misused",
    `The step ${programName(step)} is for Terraform, which sets its variables:\n${lines.join("\n")}`,
  );
}

function joined(name: string, env: NodeJS.ProcessEnv): string | undefined {
  let text = env[name];
  for (let number = 2; text !== undefined; number += 1) {
    const part = env[partName(name, number)];
    if (part === undefined) return text;
    text += part;
  }
  return text;
}
