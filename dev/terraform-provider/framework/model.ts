import { z } from "zod";
import { UNKNOWN } from "./value.ts";

/** An attribute that need not be set: null and unknown, which to a call of an API are the same, read as `undefined`. */
export function whenSet<T>(type: z.ZodType<T>) {
  return z.preprocess((value) => (value === null || value === UNKNOWN ? undefined : value), type.optional());
}
