import { z } from "zod";
import { isProduction } from "../render/exposure.ts";
import { written } from "../render/field.ts";
import { INSTANCE, type InstanceInput, instanceSchema } from "../render/instance.ts";
import { mistakesIn } from "../render/mistakes.ts";
import { SERVICE, serviceSchema } from "../render/service.ts";
import { InvalidValue, Stop } from "../runtime/errors.ts";
import { refuseContradictions } from "./contradictions.ts";
import { type BackendInput, toGeneral } from "./short-form.ts";
import { stateSchema } from "./state.ts";

const checksSchema = z.strictObject({
  /** Seconds that the checks may take in all, waiting for the instance included. Default 300. */
  deadlineSeconds: z.int().min(10).max(3600).default(300),
  /** Whether a check that could not run lets the deploy go on. Default no: unknown is not pass. */
  acceptUnknown: z.boolean().default(false),
  /** Whether a new instance is filled to its limit before the service knows it, to prove that it never evicts. Default no. */
  prove: z.boolean().optional(),
});

const exceptionSchema = z.strictObject({
  /** A rule's id, from `docs/rules.md`. */
  rule: written("must be a rule's id, as docs/rules.md lists them", /^[a-z-]+$/),
  /** Why it does not hold here, and until when. Reviews show it. */
  reason: written("must be a reason of at least 10 characters", /^\S[\s\S]{9,}$/),
});

/** Taken by what every environment has. */
const TAKEN = ["checks", "preflight"];

const key = written(
  "must be a key of small letters, digits and _, beginning with a letter",
  /^[a-z][a-z0-9_]*$/,
).refine((text) => !TAKEN.includes(text), {
  error: ({ input }) => new InvalidValue(`must be another key than ${TAKEN.join(" and ")}`, input).message,
});

/** One deployment: one file in this folder, one stack, one Terraform state. */
export const environmentSchema = z.strictObject({
  /** Names the stack and the state. Changing it: leaves the old state, and what it holds, behind. */
  name: written("must be lower-case letters, digits and -, beginning with a letter", /^[a-z][a-z0-9-]{0,38}$/),
  /** Whether people depend on it. Default by its name: `production`, `prod`, `prod-eu`. */
  production: z.boolean().optional(),
  /** Its instances by key, which is their name in Terraform's addresses: another one destroys what is there. */
  redis: z
    .record(key, instanceSchema)
    .refine((redis) => Object.keys(redis).length > 0, { error: "must describe an instance." }),
  /** What uses them, by key, in the order in which they are rolled out. */
  services: z.record(key, serviceSchema),
  state: stateSchema,
  checks: checksSchema.prefault({}),
  /** Whether it is for Render on this machine (`npm run local`), and for nothing else. Default no. */
  emulator: z.boolean().default(false),
  /** Rules of the policy that do not hold here, each with the reason. Default none. */
  exceptions: z.array(exceptionSchema).default([]),
});

const wholeSchema = environmentSchema.superRefine(refuseContradictions);

type General = z.input<typeof environmentSchema>;

/** An environment as its file writes it: an instance and a service by themselves, or several by their keys. */
export interface EnvironmentInput extends Omit<General, "redis" | "services"> {
  readonly redis: InstanceInput | General["redis"];
  /** One service that reads `REDIS_URL`. Either it or `services`. */
  readonly backend?: BackendInput | undefined;
  /** None: the instances are provisioned and proven, and nothing is given them. */
  readonly services?: General["services"];
}

/** The form for one instance and one service. */
export interface ShortEnvironment extends EnvironmentInput {
  readonly redis: InstanceInput;
  readonly backend: BackendInput;
}

/** An environment with everything decided, in the general form. */
export interface Environment extends z.output<typeof environmentSchema> {
  production: boolean;
}

/** Describes an environment. It is validated when a command is about it: see {@link parseEnvironment}. */
export function defineEnvironment(environment: EnvironmentInput): EnvironmentInput {
  return environment;
}

/**
 * Validates an environment, and decides what it leaves open. What it gives may be given to it again.
 *
 * @throws Stop with a line for each mistake: the field, what is allowed, the value, and the nearest match.
 */
export function parseEnvironment(environment: EnvironmentInput): Environment {
  const { input, written: named } = toGeneral(environment);
  const parsed = wholeSchema.safeParse(input);
  if (parsed.success) return { ...parsed.data, production: isProduction(parsed.data) };
  const name = typeof environment?.name === "string" ? environment.name.slice(0, 60) : "?";
  const lines = mistakesIn(parsed.error, input, KNOWN_FIELDS, named).map((mistake) => `  ${mistake}`);
  throw new Stop("misused", [`The environment "${name}" is not valid:`, ...lines].join("\n"));
}

/** Where the Terraform of an environment is, from the repository. */
export function stackPath(environment: string): string {
  return `cdktf.out/stacks/${environment}`;
}

const KNOWN_FIELDS = [
  ...Object.keys(environmentSchema.shape),
  "backend",
  ...Object.keys(INSTANCE),
  ...Object.keys(SERVICE),
  "serviceId",
  "drainCommand",
  ...Object.keys(checksSchema.shape),
  ...Object.keys(exceptionSchema.shape),
];
