import { z } from "zod";
import { RENDER_API } from "../../emulator/api/endpoints.ts";
import { type Value, whenSet } from "../framework/value.ts";
import { type Api, reworded, unlessMissing } from "./api.ts";

export const LOG_STREAM_SETTINGS = ["send", "drop"] as const;

export const logStreamModel = whenSet(
  z.object({ setting: z.enum(LOG_STREAM_SETTINGS), endpoint: whenSet(z.string()), token: whenSet(z.string()) }),
);

export type LogStreamModel = z.infer<typeof logStreamModel>;

type LogStream = z.output<typeof RENDER_API.getLogStream.answer>;

export async function getLogStream(api: Api, resourceId: string): Promise<LogStream | undefined> {
  const answer = unlessMissing(api.call(RENDER_API.getLogStream, { id: resourceId }));
  return reworded(answer, ({ message }) => `could not get log stream override for service: ${message}`);
}

/** Makes the override what is planned; without one before and one planned it calls nothing. */
export async function updateLogStream(
  api: Api,
  resourceId: string,
  planned: LogStreamModel,
  prior: LogStreamModel,
): Promise<LogStream | undefined> {
  if (planned !== undefined) {
    const answer = api.call(RENDER_API.setLogStream, { id: resourceId }, planned);
    return reworded(answer, ({ message }) => `could not update log stream override: ${message}`);
  }
  if (prior === undefined) return undefined;
  const deleted = unlessMissing(api.call(RENDER_API.deleteLogStream, { id: resourceId }));
  return reworded(deleted, ({ message }) => `could not delete log stream override: ${message}`);
}

/**
 * The attribute's value. Render never shows the token, so it is the one last known. No endpoint and an empty one are the same
 * for Render and here, but not for Terraform, which finds an empty one that was configured inconsistent.
 */
export function logStreamValue(answer: LogStream | undefined, known: LogStreamModel): Value {
  if (answer === undefined) return null;
  return { setting: answer.setting, endpoint: answer.endpoint || null, token: known?.token ?? null };
}
