import { z } from "zod";
import type { RENDER_API } from "../api/endpoints.ts";
import { newId } from "../state/ids.ts";
import { type ServiceState, serviceDetails } from "../state/schema.ts";

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

/** What a service of a kind does not have, and so does not show. */
const LACKS: Readonly<Record<ServiceState["type"], readonly string[]>> = {
  web_service: [],
  private_service: ["healthCheckPath", "maintenanceMode"],
  background_worker: ["healthCheckPath", "maintenanceMode", "openPorts"],
  cron_job: [
    "healthCheckPath",
    "maintenanceMode",
    "numInstances",
    "openPorts",
    "previews",
    "pullRequestPreviewsEnabled",
  ],
  static_site: ["healthCheckPath", "maintenanceMode", "numInstances", "openPorts", "plan", "region", "runtime", "env"],
};

/** The details as the API shows them. */
export function shownDetails({ type, serviceDetails: details }: ServiceState): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).filter(([name]) => !LACKS[type].includes(name)));
}

/**
 * The details after a change: what it leaves out stays, also within the details of the runtime. The command before a deploy is
 * sent beside them, and shown among them.
 */
export function mergeDetails(
  before: Readonly<Record<string, unknown>>,
  { preDeployCommand, ...after }: Details,
): z.output<typeof serviceDetails> {
  const runtime = after.runtime ?? after.env ?? before.runtime;
  const specific = { ...defaultsOf(runtime), ...fields(before.envSpecificDetails), ...after.envSpecificDetails };
  const previews = { generation: "off", ...fields(before.previews), ...fields(after.previews) };
  const envSpecificDetails = preDeployCommand === undefined ? specific : { ...specific, preDeployCommand };
  if (envSpecificDetails.preDeployCommand === "") delete envSpecificDetails.preDeployCommand;
  return serviceDetails.parse({
    buildPlan: "starter",
    ...before,
    ...after,
    ...(after.disk === undefined ? {} : { disk: { id: newId("dsk"), ...fields(before.disk), ...fields(after.disk) } }),
    previews,
    pullRequestPreviewsEnabled: previews.generation === "automatic" ? "yes" : "no",
    runtime,
    env: runtime,
    envSpecificDetails,
  });
}

/** An image with its registry and its tag, as Render shows it: `nginx` is `docker.io/library/nginx:latest`. */
export function fullImagePath(path: string): string {
  const [first = "", ...rest] = path.split("/");
  const hasRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const image = hasRegistry ? path : `docker.io/${rest.length === 0 ? "library/" : ""}${path}`;
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

function fields(value: unknown): Record<string, unknown> {
  return z.looseObject({}).catch({}).parse(value);
}

function defaultsOf(runtime: unknown): Record<string, string> {
  const container = runtime === "image" || runtime === "docker";
  return container
    ? { dockerCommand: "", dockerContext: "", dockerfilePath: "" }
    : { buildCommand: "", startCommand: "" };
}
