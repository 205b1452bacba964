import { z } from "zod";
import type { RenderClient } from "../../../render/api/client.ts";
import { unlessMissing } from "../../../render/api/error.ts";
import { RENDER_API } from "../../emulator/api/endpoints.ts";
import { type Value, whenSet } from "../framework/value.ts";

export const LOG_STREAM_SETTINGS = ["send", "drop"] as const;

export const logStreamModel = whenSet(
  z.object({ setting: z.enum(LOG_STREAM_SETTINGS), endpoint: whenSet(z.string()), token: whenSet(z.string()) }),
);

export type LogStreamModel = z.infer<typeof logStreamModel>;

type LogStream = z.output<typeof RENDER_API.getLogStream.answer>;

export async function getLogStream(client: RenderClient, resourceId: string): Promise<LogStream | undefined> {
  return unlessMissing(client.call(RENDER_API.getLogStream, { id: resourceId }));
}

/** Makes the override what is planned; without one before and one planned it calls nothing. */
export async function updateLogStream(
  client: RenderClient,
  resourceId: string,
  planned: LogStreamModel,
  prior: LogStreamModel,
): Promise<LogStream | undefined> {
  if (planned !== undefined) return client.call(RENDER_API.setLogStream, { id: resourceId }, planned);
  if (prior !== undefined) await unlessMissing(client.call(RENDER_API.deleteLogStream, { id: resourceId }));
  return undefined;
}

/**
 * The attribute's value. Render never shows the token, so it is the one last known. For Render no endpoint and an
 * empty one are the same; the one that the configuration chose stays, since Terraform tells them apart.
 */
export function logStreamValue(answer: LogStream | undefined, known: LogStreamModel): Value {
  if (answer === undefined) return null;
  const endpoint = answer.endpoint || (known?.endpoint === "" ? "" : null);
  return { setting: answer.setting, endpoint, token: known?.token ?? null };
}
