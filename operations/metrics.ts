import type { Status } from "../checks/report.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import { planFacts, sureConnections } from "../render/plans.ts";
import type { QueueCount } from "./queue-counts.ts";

/** What is known of an instance at one moment, as far as it is measured. */
export interface Measured {
  readonly expected: ExpectedInstance;
  /** Whether Redis answered; `undefined` when nobody could ask it. */
  readonly up: boolean | undefined;
  /** The fields of `INFO`; when Redis cannot be asked, those that Render measures. */
  readonly info: Readonly<Record<string, string>>;
  readonly results: readonly { readonly id: string; readonly status: Status }[];
  readonly queues: readonly QueueCount[];
  /** When the last backup of ours ended, in seconds since 1970. */
  readonly backupAt?: number | undefined;
}

type Labels = Readonly<Record<string, string>>;

/** A value, with its labels beside those of the instance. */
type Value = readonly [value: number | undefined, labels?: Labels];

interface Metric {
  readonly name: string;
  /** A name that ends as a histogram's does, `_count`, is `untyped`: promtool refuses it as a gauge. */
  readonly type: "gauge" | "counter" | "untyped";
  readonly help: string;
  /** Whether only ours has it: neither redis_exporter nor BullMQ. */
  readonly ours?: boolean;
  readonly read: (measured: Measured) => readonly Value[];
}

/** Values of one metric of one instance: a queue's name may be in each, and there may be any number of them. */
const MOST_VALUES = 1_000;
const MICROSECONDS = 1_000_000;
const MILLISECONDS = 1_000;

/** A metric that is one field of INFO, by redis_exporter's name. */
function field(name: string, type: Metric["type"], from: string, help: string): Metric {
  return { name, type, help, read: ({ info }) => [[number(info[from])]] };
}

/** A metric with a value for each field of INFO that the pattern fits. Its first group is the label. */
function fields(
  name: string,
  type: Metric["type"],
  [label, pattern]: readonly [string, RegExp],
  [part, scale]: readonly [RegExp, number],
  help: string,
): Metric {
  const read = ({ info }: Measured) =>
    Object.entries(info).flatMap(([key, text]): Value[] => {
      const of = pattern.exec(key)?.[1];
      const value = number(part.exec(text)?.[1]);
      return of === undefined || value === undefined ? [] : [[value / scale, { [label]: of }]];
    });
  return { name, type, help, read };
}

const CMD = ["cmd", /^cmdstat_(.+)$/] as const;
const DB = ["db", /^(db\d+)$/] as const;

/** What `redis_instance_info` is labelled with. The server's own names, but for the version. */
const INSTANCE_LABELS =
  "role redis_version redis_build_id redis_mode os maxmemory_policy tcp_port run_id process_id master_replid".split(
    " ",
  );

/**
 * The metrics, in redis_exporter's names and labels where it has them, so that dashboards and rules that people know work.
 *
 * @see https://github.com/oliver006/redis_exporter
 */
export const METRICS: readonly Metric[] = [
  {
    ...{ name: "redis_up", type: "gauge", help: "Whether Redis answered." },
    read: ({ up }) => [[up === undefined ? undefined : Number(up)]],
  },
  {
    ...{ name: "redis_instance_info", type: "gauge", help: "What the server says it is." },
    read: ({ info }) =>
      info.redis_version === undefined
        ? []
        : [[1, Object.fromEntries(INSTANCE_LABELS.map((label) => [label, info[label] ?? ""]))]],
  },
  field("redis_uptime_in_seconds", "gauge", "uptime_in_seconds", "Seconds since the server started."),
  {
    ...{ name: "redis_start_time_seconds", type: "gauge", help: "When the server started." },
    read: ({ info }) => {
      const [now, uptime] = [number(info.server_time_usec), number(info.uptime_in_seconds)];
      return [[now === undefined || uptime === undefined ? undefined : Math.round(now / MICROSECONDS) - uptime]];
    },
  },
  field("redis_connected_clients", "gauge", "connected_clients", "Connections of clients."),
  field("redis_blocked_clients", "gauge", "blocked_clients", "Clients that wait in a blocking command."),
  field("redis_max_clients", "gauge", "maxclients", "The most connections that the server takes."),
  field("redis_memory_used_bytes", "gauge", "used_memory", "Memory that counts against the limit."),
  field("redis_memory_used_rss_bytes", "gauge", "used_memory_rss", "Memory that the system gave to the server."),
  field("redis_memory_used_peak_bytes", "gauge", "used_memory_peak", "The most memory used since the start."),
  field("redis_memory_used_dataset_bytes", "gauge", "used_memory_dataset", "Memory of the data alone."),
  field("redis_memory_max_bytes", "gauge", "maxmemory", "The memory limit; 0 is none."),
  field("redis_mem_fragmentation_ratio", "gauge", "mem_fragmentation_ratio", "Memory given by the system to used."),
  field("redis_evicted_keys_total", "counter", "evicted_keys", "Keys that were deleted for lack of memory."),
  field("redis_expired_keys_total", "counter", "expired_keys", "Keys whose time had come."),
  field("redis_keyspace_hits_total", "counter", "keyspace_hits", "Reads that found their key."),
  field("redis_keyspace_misses_total", "counter", "keyspace_misses", "Reads that found no key."),
  field("redis_commands_processed_total", "counter", "total_commands_processed", "Commands processed."),
  fields("redis_commands_total", "counter", CMD, [/\bcalls=(\d+)/, 1], "Calls of each command."),
  fields(
    "redis_commands_duration_seconds_total",
    "counter",
    CMD,
    [/\busec=(\d+)/, MICROSECONDS],
    "Time in each command.",
  ),
  field("redis_connections_received_total", "counter", "total_connections_received", "Connections accepted."),
  field("redis_rejected_connections_total", "counter", "rejected_connections", "Connections refused at the limit."),
  field("redis_net_input_bytes_total", "counter", "total_net_input_bytes", "Bytes read from the network."),
  field("redis_net_output_bytes_total", "counter", "total_net_output_bytes", "Bytes written to the network."),
  fields("redis_db_keys", "gauge", DB, [/\bkeys=(\d+)/, 1], "Keys of each database."),
  fields("redis_db_keys_expiring", "gauge", DB, [/\bexpires=(\d+)/, 1], "Keys with a time to live."),
  fields("redis_db_avg_ttl_seconds", "gauge", DB, [/\bavg_ttl=(\d+)/, MILLISECONDS], "Their average time to live."),
  field("redis_rdb_last_save_timestamp_seconds", "gauge", "rdb_last_save_time", "When the last snapshot was taken."),
  {
    ...{ name: "redis_aof_last_write_status", type: "gauge", help: "Whether the last write to the journal went well." },
    read: ({ info: { aof_last_write_status: status } }) => [
      [status === undefined ? undefined : Number(status === "ok")],
    ],
  },
  fields("redis_errors_total", "counter", ["err", /^errorstat_(.+)$/], [/\bcount=(\d+)/, 1], "Error replies by kind."),
  {
    ...{ name: "bullmq_job_count", type: "untyped", help: "Jobs of each queue and state." },
    read: ({ queues }) =>
      queues.flatMap(({ queue, jobs }) =>
        Object.entries(jobs).map(([state, count]): Value => [count, { queue, state }]),
      ),
  },
  {
    ...{ name: "render_redis_oldest_waiting_job_age_seconds", type: "gauge", ours: true },
    help: "How long the oldest job of each queue has waited to be processed.",
    read: ({ queues }) => queues.map(({ queue, oldestSeconds }): Value => [oldestSeconds, { queue }]),
  },
  {
    ...{ name: "render_redis_kept_job_bytes", type: "gauge", ours: true },
    help: "Memory of finished jobs that are kept: an estimate from some of them.",
    read: ({ queues }) =>
      queues.flatMap(({ queue, keptBytes }) =>
        Object.entries(keptBytes).map(([state, bytes]): Value => [bytes, { queue, state }]),
      ),
  },
  {
    ...{ name: "render_redis_check_failed", type: "gauge", ours: true },
    help: "Whether a check of this project fails. What could not be established has no value.",
    read: ({ results }) =>
      results
        .filter(({ status }) => status !== "unknown" && status !== "skip")
        .map(({ id: check, status }): Value => [Number(status === "fail"), { check }]),
  },
  {
    ...{ name: "render_redis_info", type: "gauge", ours: true, help: "What the environment's file describes." },
    read: ({ expected: { plan, region, role } }) => [[1, { plan, region, role: role ?? "queue" }]],
  },
  {
    ...{
      name: "render_redis_plan_memory_bytes",
      type: "gauge",
      ours: true,
      help: "The memory that the plan pays for.",
    },
    read: ({ expected: { plan } }) => [[planFacts(plan)?.memory]],
  },
  {
    ...{ name: "render_redis_plan_connections", type: "gauge", ours: true, help: "The plan's limit of connections." },
    read: ({ expected: { plan } }) => [[sureConnections(plan)]],
  },
  {
    ...{ name: "render_redis_backup_timestamp_seconds", type: "gauge", ours: true },
    help: "When this project's last backup ended.",
    read: ({ backupAt }) => [[backupAt]],
  },
];

/**
 * Prometheus' text format, version 0.0.4. Each value is labelled with the environment and with the instance's name on Render:
 * a scrape needs `honor_labels: true`.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusText(all: readonly Measured[]): string {
  return METRICS.flatMap(({ name, type, help, read }) => {
    const lines = all.flatMap((measured) => {
      const { environment, name: instance } = measured.expected;
      const values = read(measured).filter(([value]) => value !== undefined);
      return values.slice(0, MOST_VALUES).map(([value, labels]) => {
        return `${name}${labelled({ environment, instance, ...labels })} ${value}\n`;
      });
    });
    return lines.length === 0 ? [] : [`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, ...lines];
  }).join("");
}

function labelled(labels: Labels): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `{${texts.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

/** A number of INFO, with a decimal point or without. */
function number(text: string | undefined): number | undefined {
  return text === undefined || !/^-?\d{1,20}(\.\d{1,10})?$/.test(text) ? undefined : Number(text);
}
