import { z } from "zod";
import type { RenderClient } from "../../../render/api/client.ts";
import { whenSet } from "../framework/model.ts";
import type { Attribute } from "../framework/schema.ts";
import type { Value } from "../framework/value.ts";
import { unlessNotFound } from "./connection.ts";

/** Where an instance's logs go instead of the workspace's log stream. Changing it has no effect on data. */
export const logStreamOverride = {
  type: {
    object: {
      setting: { type: "string", required: true, oneOf: ["send", "drop"] },
      endpoint: { type: "string", optional: true, computed: true },
      token: { type: "string", optional: true, sensitive: true },
    },
  },
  optional: true,
  computed: true,
} as const satisfies Attribute;

export const logStreamModel = whenSet(
  z.object({ setting: z.string(), endpoint: whenSet(z.string()), token: whenSet(z.string()) }),
);

export type LogStreamModel = z.infer<typeof logStreamModel>;

const answerSchema = z.object({ setting: z.string().default("send"), endpoint: z.string().optional() });

type LogStream = z.infer<typeof answerSchema>;

export async function getLogStream(client: RenderClient, resourceId: string): Promise<LogStream | undefined> {
  return unlessNotFound(client.request("GET", path(resourceId), answerSchema));
}

/** Makes the override what is planned; without one before and one planned it calls nothing. */
export async function updateLogStream(
  client: RenderClient,
  resourceId: string,
  planned: LogStreamModel,
  prior: LogStreamModel,
): Promise<LogStream | undefined> {
  if (planned !== undefined) return client.request("PUT", path(resourceId), answerSchema, { body: planned });
  if (prior !== undefined) await unlessNotFound(client.request("DELETE", path(resourceId), z.unknown()));
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

function path(resourceId: string): string {
  return `/logs/streams/resource/${resourceId}`;
}
