import { z } from "zod";

/** A JSON text in an environment variable, read by a schema. Its issues say what is wrong and never show the text. */
export function jsonVariable<T extends z.ZodType>(schema: T) {
  return z
    .string({ error: "is not set" })
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
