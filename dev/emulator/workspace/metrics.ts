import type { z } from "zod";
import type { RENDER_API } from "../api/endpoints.ts";
import { factsOf } from "../machine/redis-config.ts";
import { invalid, missing } from "../state/refusal.ts";
import type { KeyValueState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import type { KeyValues } from "./key-values.ts";

type Series = z.input<typeof RENDER_API.getMetric.answer>;

interface Metric {
  readonly unit: string;
  readonly read: (keyValues: KeyValues, instance: KeyValueState) => Promise<number> | number;
}

/** What is measured of instances. Render has no metric of evictions or hits. */
const METRICS: Readonly<Record<string, Metric>> = {
  memory: { unit: "bytes", read: (keyValues, { id }) => info(keyValues, id, "memory", "used_memory") },
  "memory-limit": { unit: "bytes", read: (_, instance) => factsOf(instance).memory },
  "active-connections": {
    unit: "connections",
    // The connection that asks is the platform's own.
    read: async (keyValues, { id }) => (await info(keyValues, id, "clients", "connected_clients")) - 1,
  },
};

/** Others that Render has. They are empty here. */
const OTHERS = ["cpu", "cpu-limit", "cpu-target", "memory-target", "disk-usage", "disk-capacity", "instance-count"];

/** Each series has one value, of this moment: nothing is recorded. @param resources Ids, separated by commas. */
export async function readMetric(
  { keyValues }: Store,
  running: KeyValues,
  name: string,
  resources: string | undefined,
): Promise<Series> {
  const metric = METRICS[name];
  if (metric === undefined && !OTHERS.includes(name)) throw missing(name);
  if (resources === undefined) throw invalid("`resource` must be given: the id of a service or an instance");
  if (metric === undefined) return [];
  const instances = keyValues.all.filter((instance) => resources.split(",").includes(instance.id));
  return (await Promise.all(instances.map((instance) => seriesOf(running, metric, instance)))).flat();
}

async function seriesOf(keyValues: KeyValues, metric: Metric, instance: KeyValueState): Promise<Series> {
  try {
    const value = await metric.read(keyValues, instance);
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

async function info(keyValues: KeyValues, id: string, section: string, field: string): Promise<number> {
  const text = await keyValues.running(id).admin((redis) => redis.info(section));
  const value = new RegExp(`^${field}:(\\d+)\r?$`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`INFO ${section} has no ${field}`);
  return Number(value);
}
