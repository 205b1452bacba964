import { z } from "zod";
import type { RENDER_API } from "../api/endpoints.ts";
import { serviceDetails } from "../state/schema.ts";

type Details = NonNullable<z.output<typeof RENDER_API.createService.sent>["serviceDetails"]>;

/** What a service has before anything is asked for. */
export const DETAILS_DEFAULTS = {
  region: "oregon",
  plan: "starter",
  runtime: "node",
  envSpecificDetails: {},
  healthCheckPath: "",
  numInstances: 1,
  maintenanceMode: { enabled: false, uri: "" },
  openPorts: [{ port: 10_000, protocol: "TCP" }],
} as const;

/** The details after a change: what it leaves out stays, also within the details of the runtime. */
export function mergeDetails(
  before: Readonly<Record<string, unknown>>,
  after: Details,
): z.output<typeof serviceDetails> {
  const runtime = after.runtime ?? after.env ?? before.runtime;
  const specific = z.looseObject({}).catch({}).parse(before.envSpecificDetails);
  return serviceDetails.parse({
    previews: { generation: "off" },
    pullRequestPreviewsEnabled: "no",
    buildPlan: "starter",
    ...before,
    ...after,
    ...(after.previews === undefined
      ? {}
      : { previews: { generation: "off", ...z.looseObject({}).catch({}).parse(after.previews) } }),
    runtime,
    env: runtime,
    envSpecificDetails: { ...defaultsOf(runtime), ...specific, ...after.envSpecificDetails },
  });
}

function defaultsOf(runtime: unknown): Record<string, string> {
  const container = runtime === "image" || runtime === "docker";
  return container
    ? { dockerCommand: "", dockerContext: "", dockerfilePath: "" }
    : { buildCommand: "", startCommand: "" };
}
