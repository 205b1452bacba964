import type { Alarm } from "./alarms.ts";
import type { Sample } from "./sample.ts";

/** The figures of a sample that a live view and a line of JSON show; `null` is not known. */
export interface Figures {
  readonly usedBytes: number | null;
  /** 0 is none. */
  readonly maxBytes: number | null;
  readonly memoryPercent: number | null;
  readonly connections: number | null;
  readonly maxConnections: number | null;
  readonly commandsPerSecond: number | null;
  /** Of the reads since the sample before. */
  readonly hitPercent: number | null;
  /** Keys since the server started. */
  readonly evictedKeys: number | null;
  readonly latencyMs: number | null;
}

export function figuresOf({ info, latencyMs }: Sample, before?: Sample): Figures {
  const field = (name: string, from = info) => {
    const text = from[name];
    return text === undefined || !/^\d{1,18}$/.test(text) ? null : Number(text);
  };
  // A restart counts from 0 again.
  const since = (name: string) => {
    const [now, then] = [field(name), field(name, before?.info ?? {})];
    return now === null ? null : now - (then === null || then > now ? 0 : then);
  };
  const [used, max] = [field("used_memory"), field("maxmemory")];
  const [hits, misses] = [since("keyspace_hits"), since("keyspace_misses")];
  return {
    ...{ usedBytes: used, maxBytes: max, connections: field("connected_clients"), maxConnections: field("maxclients") },
    memoryPercent: used === null || max === null || max === 0 ? null : rounded((used / max) * 100),
    commandsPerSecond: field("instantaneous_ops_per_sec"),
    hitPercent:
      hits === null || misses === null || hits + misses === 0 ? null : rounded((hits / (hits + misses)) * 100),
    evictedKeys: field("evicted_keys"),
    latencyMs: latencyMs === undefined ? null : rounded(latencyMs),
  };
}

/** A sample as a line of JSON: version 1. */
export function sampleLine(sample: Sample, before: Sample | undefined, open: readonly Alarm[]): object {
  const { at, expected, instance, up, results, queues } = sample;
  return {
    ...{ schemaVersion: 1, event: "sample", at: at.toISOString(), environment: expected.environment },
    instance: { id: instance?.id ?? "", name: expected.name },
    ...{ up: up ?? null, ...figuresOf(sample, before), queues },
    failing: results.flatMap(({ id, status }) => (status === "fail" ? [id] : [])),
    warning: results.flatMap(({ id, status }) => (status === "warn" ? [id] : [])),
    alarms: open.map(({ id, since }) => ({ check: id, since })),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
