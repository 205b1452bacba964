import { z } from "zod";
import { InvalidValue } from "../runtime/errors.ts";

/** A mistake in how a command is called, or in the variables that it reads. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An instance's id, as Terraform's provisioners hand it over. */
export const instanceIdVariable = z
  .string({ error: "is not set" })
  .regex(/^red-[a-z0-9-]+$/, "is not an instance's id (red-…)");

/**
 * Reads the variables that a command needs. Its issues name each one that is missing or wrong, and never show a value.
 *
 * @throws UsageError for a plan that no longer exists.
 */
export function parseVariables<T extends z.ZodType>(
  schema: T,
  env: Readonly<Record<string, string | undefined>>,
): z.ZodSafeParseResult<z.output<T>> {
  try {
    return schema.safeParse(env);
  } catch (error) {
    if (error instanceof InvalidValue) throw new UsageError(`\`REDIS_EXPECTED\` is wrong: a plan ${error.message}`);
    throw error;
  }
}
