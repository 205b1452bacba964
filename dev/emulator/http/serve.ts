import type { Context } from "hono";
import type { z } from "zod";
import { InvalidValue } from "../../../runtime/errors.ts";
import { badRequest } from "./error.ts";

/**
 * The JSON body of a request. No body reads as `{}`, as Render takes it.
 *
 * @throws ApiError naming the fields that are not what the API takes. It shows no value: some are secrets.
 */
export async function readBody<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await context.req.text();
  let json: unknown;
  try {
    json = text === "" ? {} : JSON.parse(text);
  } catch {
    throw badRequest("the body is not JSON");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `\`${issue.path.join(".") || "body"}\` ${issue.message}`);
  throw badRequest(issues.join("; "));
}

/** Reads a setting by the catalogue, and refuses with the catalogue's words: which are allowed, and the nearest one. */
export function readSetting<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidValue) throw badRequest(`\`${name}\` ${error.message}`);
    throw error;
  }
}

/** The path parameter that a route declares. */
export function pathParameter(context: Context, name: string): string {
  const value = context.req.param(name);
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}
