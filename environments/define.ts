import { z } from "zod";
import { isProduction } from "../render/exposure.ts";
import { written } from "../render/field.ts";
import { INSTANCE, instanceSchema } from "../render/instance.ts";
import { mistakesIn } from "../render/mistakes.ts";
import { SERVICE, serviceSchema } from "../render/service.ts";
import { Stop } from "../runtime/errors.ts";
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

/** One deployment: one file in this folder, one stack, one Terraform state. */
export const environmentSchema = z.strictObject({
  /** Names the stack and the state. Changing it: leaves the old state, and what it holds, behind. */
  name: written("must be lower-case letters, digits and -, beginning with a letter", /^[a-z][a-z0-9-]{0,38}$/),
  /** Whether people depend on it. Default by its name: `production`, `prod`, `prod-eu`. */
  production: z.boolean().optional(),
  redis: instanceSchema,
  backend: serviceSchema,
  state: stateSchema,
  checks: checksSchema.prefault({}),
  /** Whether it is for Render on this machine (`npm run local`), and for nothing else. Default no. */
  emulator: z.boolean().default(false),
  /** Rules of the policy that do not hold here, each with the reason. Default none. */
  exceptions: z.array(exceptionSchema).default([]),
});

/** An environment as its file writes it. */
export interface EnvironmentInput extends z.input<typeof environmentSchema> {}

/** An environment with everything decided. */
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
export function parseEnvironment(input: EnvironmentInput): Environment {
  const parsed = environmentSchema.safeParse(input);
  if (parsed.success) return { ...parsed.data, production: isProduction(parsed.data) };
  const name = typeof input?.name === "string" ? input.name.slice(0, 60) : "?";
  const lines = mistakesIn(parsed.error, input, KNOWN_FIELDS).map((mistake) => `  ${mistake}`);
  throw new Stop("misused", [`The environment "${name}" is not valid:`, ...lines].join("\n"));
}

/** Where the Terraform of an environment is, from the repository. */
export function stackPath(environment: string): string {
  return `cdktf.out/stacks/${environment}`;
}

const KNOWN_FIELDS = [
  ...Object.keys(environmentSchema.shape),
  ...Object.keys(INSTANCE),
  ...Object.keys(SERVICE),
  ...Object.keys(checksSchema.shape),
  ...Object.keys(exceptionSchema.shape),
];
