import { expect, test } from "vitest";
import { METRICS, type Measured, prometheusText } from "../../operations/metrics.ts";
import { parseInfo } from "../../redis/info.ts";
import { EXPECTED } from "../checks/support/render-api.ts";

/** What dashboards and rules for redis_exporter ask for. */
const EXPORTER = `up uptime_in_seconds start_time_seconds instance_info connected_clients blocked_clients max_clients
  memory_used_bytes memory_used_rss_bytes memory_used_peak_bytes memory_used_dataset_bytes memory_max_bytes
  mem_fragmentation_ratio evicted_keys_total expired_keys_total keyspace_hits_total keyspace_misses_total
  commands_processed_total commands_total commands_duration_seconds_total connections_received_total
  rejected_connections_total net_input_bytes_total net_output_bytes_total db_keys db_keys_expiring db_avg_ttl_seconds
  rdb_last_save_timestamp_seconds aof_last_write_status errors_total`
  .split(/\s+/)
  .map((name) => `redis_${name}`);

const INFO = `# Server\r
redis_version:7.2.4\r
os:Linux "x"\r
uptime_in_seconds:100\r
server_time_usec:1790000000600000\r
maxmemory_policy:noeviction\r
used_memory:1000\r
mem_fragmentation_ratio:1.25\r
maxclients:inf\r
aof_last_write_status:ok\r
evicted_keys:3\r
cmdstat_get:calls=7,usec=2500000,usec_per_call=1.00,rejected_calls=0,failed_calls=0\r
cmdstat_config|get:calls=1,usec=5,usec_per_call=5.00,rejected_calls=1,failed_calls=0\r
errorstat_OOM:count=12\r
db0:keys=10,expires=4,avg_ttl=1500\r
`;

const measured = (differences: Partial<Measured> = {}): Measured => ({
  ...{ expected: EXPECTED, up: true, info: parseInfo(INFO), results: [], queues: [] },
  ...differences,
});
const text = (differences?: Partial<Measured>) => prometheusText([measured(differences)]);
const lines = (name: string, differences?: Partial<Measured>) =>
  text(differences)
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => line.replace('environment="test",instance="test-redis",', "").replace(/\{environment.*?\}/, ""));

test("has redis_exporter's names", () => {
  expect(METRICS.map(({ name }) => name)).toEqual(expect.arrayContaining(EXPORTER));
  for (const { name, type } of METRICS) expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
});

test.each([
  ["redis_up", ["redis_up 1"]],
  ["redis_start_time_seconds", ["redis_start_time_seconds 1789999901"]],
  ["redis_memory_used_bytes", ["redis_memory_used_bytes 1000"]],
  ["redis_mem_fragmentation_ratio", ["redis_mem_fragmentation_ratio 1.25"]],
  ["redis_evicted_keys_total", ["redis_evicted_keys_total 3"]],
  ["redis_commands_total", ['redis_commands_total{cmd="get"} 7', 'redis_commands_total{cmd="config|get"} 1']],
  [
    "redis_commands_duration_seconds_total",
    ['redis_commands_duration_seconds_total{cmd="get"} 2.5', expect.stringMatching(/config\|get"\} (5e-6|0\.000005)$/)],
  ],
  ["redis_errors_total", ['redis_errors_total{err="OOM"} 12']],
  ["redis_db_keys", ['redis_db_keys{db="db0"} 10']],
  ["redis_db_avg_ttl_seconds", ['redis_db_avg_ttl_seconds{db="db0"} 1.5']],
  ["redis_aof_last_write_status", ["redis_aof_last_write_status 1"]],
  // What is no number is left out, not read as 0.
  ["redis_max_clients", []],
  ["redis_connected_clients", []],
  ["render_redis_info", ['render_redis_info{plan="starter",region="oregon",role="queue"} 1']],
  ["render_redis_plan_memory_bytes", ["render_redis_plan_memory_bytes 268435456"]],
  ["render_redis_plan_connections", ["render_redis_plan_connections 200"]],
  ["render_redis_backup_timestamp_seconds", []],
])("%s", (name, expected) => {
  expect(lines(name)).toEqual(expected);
});

test("the server is described by its labels", () => {
  const [line = ""] = lines("redis_instance_info");
  expect(line).toContain('redis_version="7.2.4"');
  expect(line).toContain('maxmemory_policy="noeviction"');
  expect(line).toContain('os="Linux \\"x\\""');
  expect(line).toMatch(/ 1$/);
});

test("queues by state, with what no exporter has", () => {
  const queues = [
    { queue: "mail", jobs: { waiting: 5, completed: 900 }, oldestSeconds: 61, keptBytes: { completed: 1_080_000 } },
    { queue: "sms", jobs: { waiting: 0 }, keptBytes: {} },
  ];
  expect(lines("bullmq_job_count", { queues })).toEqual([
    'bullmq_job_count{queue="mail",state="waiting"} 5',
    'bullmq_job_count{queue="mail",state="completed"} 900',
    'bullmq_job_count{queue="sms",state="waiting"} 0',
  ]);
  expect(lines("render_redis_oldest_waiting_job_age_seconds", { queues })).toEqual([
    'render_redis_oldest_waiting_job_age_seconds{queue="mail"} 61',
  ]);
  expect(lines("render_redis_kept_job_bytes", { queues })).toEqual([
    'render_redis_kept_job_bytes{queue="mail",state="completed"} 1080000',
  ]);
});

test("checks: what could not be established has no value", () => {
  const results = (["pass", "warn", "fail", "unknown", "skip"] as const).map((status) => ({
    id: `of-${status}`,
    status,
  }));
  expect(lines("render_redis_check_failed", { results })).toEqual([
    'render_redis_check_failed{check="of-pass"} 0',
    'render_redis_check_failed{check="of-warn"} 0',
    'render_redis_check_failed{check="of-fail"} 1',
  ]);
});

test("a Redis that is away is down; one that nobody could ask is not said to be", () => {
  const info = { used_memory: "77" };
  expect(lines("redis_up", { up: false, info })).toEqual(["redis_up 0"]);
  expect(lines("redis_memory_used_bytes", { up: false, info })).toEqual(["redis_memory_used_bytes 77"]);
  expect(lines("redis_up", { up: undefined, info: {} })).toEqual([]);
  expect(lines("redis_instance_info", { up: undefined, info: {} })).toEqual([]);
});

test("no name of a queue or a command can break a line, and no number of them the scrape", () => {
  const queue = 'a"} 1\n# EOF\r\\';
  const all = text({ queues: [{ queue, jobs: { waiting: 1 }, keptBytes: {} }] });
  const samples = all.split("\n").filter((line) => line !== "" && !line.startsWith("# "));
  for (const line of samples) expect(line).toMatch(/^[a-z_]+\{([a-z_]+="([^"\\\n]|\\["\\nr])*",?)+\} [-\d.e]+$/);
  const queues = Array.from({ length: 5_000 }, (_, index) => ({
    queue: `q${index}`,
    jobs: { waiting: 1 },
    keptBytes: {},
  }));
  expect(lines("bullmq_job_count", { queues })).toHaveLength(1_000);
});

test("each metric stands once, whatever the number of instances", () => {
  const names = ["a", "b"].map((name) => measured({ expected: { ...EXPECTED, name } }));
  const all = prometheusText(names);
  for (const { name } of METRICS) expect(all.split(`# TYPE ${name} `).length).toBeLessThanOrEqual(2);
  expect(all.match(/^redis_up\{.*$/gm)).toEqual([
    'redis_up{environment="test",instance="a"} 1',
    'redis_up{environment="test",instance="b"} 1',
  ]);
});
