import { MEMORY_USE } from "./sample.ts";

/** Of the limit, as the checks have it. */
const CONNECTIONS = 0.9;
const OLDEST_JOB_SECONDS = 3_600;
/** A backup every night, and two hours for it. */
const BACKUP_HOURS = 26;

/** A rule of Prometheus: what is wrong, for how long it may be, and why it matters. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: "critical" | "warning";
  readonly summary: string;
  readonly why: string;
}

const ON = "on (environment, instance)";
const QUEUE = `and ${ON} render_redis_info{role="queue"}`;
const USED = "100 * redis_memory_used_bytes / (redis_memory_max_bytes > 0)";
const OF = "{{ $labels.environment }} {{ $labels.instance }}";

/** The rules, over what `metrics` shows. */
export const ALERT_RULES: readonly AlertRule[] = [
  {
    ...{ alert: "RedisDown", expr: "redis_up == 0", for: "1m", severity: "critical" },
    summary: `${OF} does not answer`,
    why: "Senders work synchronously until it is back. See the runbook, Redis is down.",
  },
  {
    ...{ alert: "RedisNotMeasured", expr: "absent(redis_up)", for: "10m", severity: "warning" },
    summary: "No Redis is measured",
    why: "`metrics` does not run, cannot be scraped, or is not on the allow list. Nothing here fires meanwhile.",
  },
  {
    ...{
      alert: "RedisMemoryHigh",
      expr: `${USED} > ${MEMORY_USE.warnPercent} ${QUEUE}`,
      for: "10m",
      severity: "warning",
    },
    summary: `${OF} uses {{ $value | humanize }} % of its memory`,
    why: `A queue keeps below ${MEMORY_USE.warnPercent} %. Run inspect: finished jobs that are kept are the usual cause.`,
  },
  {
    ...{
      alert: "RedisMemoryFull",
      expr: `${USED} > ${MEMORY_USE.failPercent} ${QUEUE}`,
      for: "2m",
      severity: "critical",
    },
    summary: `${OF} uses {{ $value | humanize }} % of its memory`,
    why: "When memory is full, a queue that never evicts stands still. Run inspect, or take the next plan.",
  },
  {
    alert: "RedisTooManyConnections",
    // Not redis_config_maxclients, as popular rules have it: that needs CONFIG, which Render refuses.
    expr: `redis_connected_clients > ${CONNECTIONS} * redis_max_clients or redis_connected_clients > ${CONNECTIONS} * render_redis_plan_connections`,
    ...{ for: "2m", severity: "critical" },
    summary: `${OF} has {{ $value }} connections`,
    why: "At the limit new clients are refused. Look for clients that are opened for each request.",
  },
  {
    alert: "RedisRejectedConnections",
    expr: "increase(redis_rejected_connections_total[5m]) > 0",
    ...{ for: "0m", severity: "warning" },
    summary: `${OF} refused connections at its limit`,
    why: "Some client could not connect.",
  },
  {
    ...{ alert: "RedisEvictsJobs", expr: `increase(redis_evicted_keys_total[10m]) > 0 ${QUEUE}` },
    ...{ for: "0m", severity: "critical" },
    summary: `${OF} evicted keys of a queue`,
    why: "Accepted jobs are lost without an error anywhere. The policy of a queue is noeviction.",
  },
  {
    alert: "RedisNotAsDescribed",
    expr: 'render_redis_check_failed{check=~"eviction-policy|identity|memory-limit|persistence"} == 1',
    ...{ for: "5m", severity: "critical" },
    summary: `${OF} is not as its environment describes it: {{ $labels.check }}`,
    why: "It was changed outside Terraform, or not restarted since. Run verify.",
  },
  {
    alert: "RedisRefusesWrites",
    expr: `render_redis_check_failed{check="read-write"} == 1 and ${ON} redis_up == 1`,
    ...{ for: "1m", severity: "critical" },
    summary: `${OF} answers PING and refuses writes`,
    why: "Its memory or its disk is full: no job can be added, and health checks that only read do not see it.",
  },
  {
    alert: "RedisKeptJobsGrow",
    expr: `delta(render_redis_kept_job_bytes[6h]) > ${ON} group_left () 0.05 * render_redis_plan_memory_bytes`,
    ...{ for: "30m", severity: "warning" },
    summary: `${OF}: kept {{ $labels.state }} jobs of {{ $labels.queue }} grew by more than 5 % of the plan in 6 hours`,
    why: "Finished jobs that nobody removes fill the memory. Set removeOnComplete and removeOnFail.",
  },
  {
    alert: "RedisJobWaitsTooLong",
    expr: `render_redis_oldest_waiting_job_age_seconds > ${OLDEST_JOB_SECONDS}`,
    ...{ for: "5m", severity: "critical" },
    summary: `${OF}: a job of {{ $labels.queue }} waits for {{ $value | humanizeDuration }}`,
    why: "No worker runs, or they are too slow.",
  },
  {
    alert: "RedisBackupTooOld",
    // Not redis_rdb_last_save_timestamp_seconds, as popular rules have it: a snapshot on Render's disk is no backup.
    expr: `time() - render_redis_backup_timestamp_seconds > ${BACKUP_HOURS} * 3600`,
    ...{ for: "10m", severity: "warning" },
    summary: `${OF}: the last backup is {{ $value | humanizeDuration }} old`,
    why: "Render has no backup of a Key Value instance. Run backup, and see why the last one did not.",
  },
];

/** The rules as a file of Prometheus. A text in double quotes is YAML as it is JSON. */
export function formatAlertRules(): string {
  const rules = ALERT_RULES.map(({ alert, expr, for: lasts, severity, summary, why }) => [
    `      - alert: ${alert}`,
    `        expr: ${JSON.stringify(expr)}`,
    `        for: ${lasts}`,
    `        labels: { severity: ${severity} }`,
    `        annotations: { summary: ${JSON.stringify(summary)}, description: ${JSON.stringify(why)} }`,
  ]);
  return `${[
    "# Written by `npm run alerts`. Rules for what `npm run metrics` shows; scrape it with `honor_labels: true`.",
    "# Popular rules for Redis are wrong here: redis_config_maxclients needs CONFIG, which Render refuses (ours read",
    "# redis_max_clients); 'too many masters' fires for ever with two instances; 'missing backup' watches the snapshot on",
    "# Render's disk, which is no backup.",
    "groups:",
    "  - name: render-redis",
    "    rules:",
    ...rules.flat(),
  ].join("\n")}\n`;
}
