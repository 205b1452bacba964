/** A panel: its title, a unit of Grafana, and each line with its legend. */
type Panel = readonly [title: string, unit: string, ...lines: (readonly [expr: string, legend: string])[]];

const OF = '{environment=~"$environment",instance=~"$instance"}';
const rate = (name: string) => `rate(${name}${OF}[$__rate_interval])`;
const QUEUE = "{{instance}} {{queue}}";

const PANELS: readonly Panel[] = [
  ["Answers", "short", [`redis_up${OF}`, "{{instance}}"]],
  [
    "Checks that fail",
    "short",
    [`sum by (instance, check) (render_redis_check_failed${OF}) > 0`, "{{instance}} {{check}}"],
  ],
  [
    "Memory",
    "bytes",
    [`redis_memory_used_bytes${OF}`, "{{instance}} used"],
    [`redis_memory_max_bytes${OF}`, "{{instance}} limit"],
  ],
  [
    "Memory used",
    "percent",
    [`100 * redis_memory_used_bytes${OF} / (redis_memory_max_bytes${OF} > 0)`, "{{instance}}"],
  ],
  [
    "Connections",
    "short",
    [`redis_connected_clients${OF}`, "{{instance}}"],
    [`redis_max_clients${OF}`, "{{instance}} limit"],
  ],
  ["Commands a second", "ops", [`${rate("redis_commands_processed_total")}`, "{{instance}}"]],
  [
    "Hit rate",
    "percentunit",
    [
      `${rate("redis_keyspace_hits_total")} / (${rate("redis_keyspace_hits_total")} + ${rate("redis_keyspace_misses_total")})`,
      "{{instance}}",
    ],
  ],
  [
    "Evicted and expired keys a second",
    "short",
    [rate("redis_evicted_keys_total"), "{{instance}} evicted"],
    [rate("redis_expired_keys_total"), "{{instance}} expired"],
  ],
  ["Jobs", "short", [`bullmq_job_count${OF}`, `${QUEUE} {{state}}`]],
  ["Oldest waiting job", "s", [`render_redis_oldest_waiting_job_age_seconds${OF}`, QUEUE]],
  ["Kept jobs", "bytes", [`render_redis_kept_job_bytes${OF}`, `${QUEUE} {{state}}`]],
  ["Age of the last backup", "s", [`time() - render_redis_backup_timestamp_seconds${OF}`, "{{instance}}"]],
];

const SOURCE = { type: "prometheus", uid: "$datasource" };
const [WIDTH, HEIGHT] = [12, 8];

/** A dashboard for Grafana 9 and later, over what `metrics` shows. */
export function dashboard(): object {
  const variable = (name: string) => ({
    ...{ name, type: "query", datasource: SOURCE, query: `label_values(redis_up, ${name})` },
    ...{ includeAll: true, multi: true, refresh: 2, current: { text: "All", value: "$__all" } },
  });
  return {
    ...{ title: "Redis on Render", uid: "render-redis", tags: ["redis", "render"], schemaVersion: 36, version: 1 },
    ...{ editable: true, refresh: "30s", time: { from: "now-6h", to: "now" }, timezone: "" },
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus", current: {} },
        ...["environment", "instance"].map(variable),
      ],
    },
    panels: PANELS.map(([title, unit, ...lines], index) => ({
      ...{ id: index + 1, type: "timeseries", title, datasource: SOURCE },
      gridPos: { x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
      targets: lines.map(([expr, legendFormat], at) => ({
        ...{ refId: String.fromCharCode(65 + at), datasource: SOURCE, expr, legendFormat },
      })),
    })),
  };
}
