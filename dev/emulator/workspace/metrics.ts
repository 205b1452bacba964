import { Hono } from "hono";
import { factsOf } from "../machine/redis-config.ts";
import type { Platform } from "../platform.ts";
import type { KeyValueState } from "../state/schema.ts";
import { badRequest, notFound } from "./error.ts";
import { queryValues } from "./pagination.ts";
import { pathParameter } from "./request.ts";

interface Metric {
  readonly unit: string;
  readonly read: (platform: Platform, instance: KeyValueState) => Promise<number> | number;
}

/** What is measured of instances. Render has no metric of evictions or hits. */
const METRICS: Readonly<Record<string, Metric>> = {
  memory: { unit: "bytes", read: (platform, { id }) => info(platform, id, "memory", "used_memory") },
  "memory-limit": { unit: "bytes", read: (_, instance) => factsOf(instance).memory },
  "active-connections": {
    unit: "connections",
    // The connection that asks is the platform's own.
    read: async (platform, { id }) => (await info(platform, id, "clients", "connected_clients")) - 1,
  },
};

/** `/metrics`. Each series has one value, of this moment: nothing is recorded. Other metrics that Render has are empty. */
export function metricsApi(platform: Platform): Hono {
  const others = ["cpu", "cpu-limit", "cpu-target", "memory-target", "disk-usage", "disk-capacity", "instance-count"];
  return new Hono().get("/:metric", async (context) => {
    const name = pathParameter(context, "metric");
    const metric = METRICS[name];
    if (metric === undefined && !others.includes(name)) throw notFound(name);
    const resources = queryValues(context, "resource");
    if (resources === undefined) throw badRequest("`resource` must be given: the id of a service or an instance");
    if (metric === undefined) return context.json([]);
    const instances = platform.keyValues.all.filter((instance) => resources.includes(instance.id));
    const series = await Promise.all(instances.map((instance) => seriesOf(platform, metric, instance)));
    return context.json(series.flat());
  });
}

async function seriesOf(platform: Platform, metric: Metric, instance: KeyValueState) {
  try {
    const value = await metric.read(platform, instance);
    const labels = [
      { field: "resource", value: instance.id },
      { field: "instance", value: `${instance.id}-local` },
    ];
    return [{ labels, unit: metric.unit, values: [{ timestamp: new Date().toISOString(), value }] }];
  } catch {
    // A server that is not there, or hangs, reports nothing. Its series ends, it is not an error.
    return [];
  }
}

async function info(platform: Platform, id: string, section: string, field: string): Promise<number> {
  const text = await platform.keyValues.running(id).server.admin((redis) => redis.info(section));
  const value = new RegExp(`^${field}:(\\d+)\r?$`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`INFO ${section} has no ${field}`);
  return Number(value);
}
