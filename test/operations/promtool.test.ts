import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALERT_RULES, formatAlertRules } from "../../operations/alert-rules.ts";
import { dashboard } from "../../operations/dashboard.ts";
import { METRICS, prometheusText } from "../../operations/metrics.ts";
import type { Sample } from "../../operations/sample.ts";
import { Instances, Sampler } from "../../operations/sampler.ts";
import { RenderClient } from "../../render/api/client.ts";
import { Secrets } from "../../runtime/secrets.ts";
import { jsonText } from "../../runtime/text.ts";
import { isInstalled, type RedisServer, startRedis, USER } from "../checks/support/redis-server.ts";
import { EXPECTED, startTestApi, type TestApi } from "../checks/support/render-api.ts";

const MB = 1024 ** 2;
const DOCS = join(import.meta.dirname, "../../docs/monitoring");

test("the committed files are what `npm run alerts` writes", () => {
  expect(readFileSync(join(DOCS, "alerts.yml"), "utf8")).toBe(formatAlertRules());
  expect(readFileSync(join(DOCS, "dashboard.json"), "utf8")).toBe(jsonText(dashboard()));
});

test("rules and dashboard ask only for what is measured, and nothing needs CONFIG", () => {
  const known = new Set(METRICS.map(({ name }) => name));
  const exprs = [
    ...ALERT_RULES.map(({ expr }) => expr),
    ...[...jsonText(dashboard()).matchAll(/"expr": "(.*)"/g)].map(([, expr = ""]) => expr),
  ];
  const asked = exprs.flatMap((expr) => expr.match(/\b(redis|bullmq|render_redis)_\w+/g) ?? []);
  expect(asked.length).toBeGreaterThan(30);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});

// Debian's package `prometheus` has it.
describe.runIf(isInstalled("promtool"))("promtool, with series of a real Redis", () => {
  let directory: string;
  let redis: RedisServer;
  let api: TestApi;
  let sampler: Sampler;
  /** What was recorded of each state of the Redis. */
  const recorded: Record<string, Sample> = {};

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "promtool-"));
    redis = await startRedis({ password: "password-of-the-test" });
    api = await startTestApi({ url: `redis://${USER}:password-of-the-test@127.0.0.1:${redis.port}` });
    const client = new RenderClient({ apiKey: "rnd_0123456789", host: api.host, deadlineMs: 1_000 });
    sampler = new Sampler({
      ...{ client, expected: EXPECTED, ownerId: undefined, stackDirectory: "no/such/directory", serviceId: undefined },
      ...{ secrets: new Secrets(), signal: new AbortController().signal, onProgress: () => {} },
      ...{ instances: new Instances(client, undefined), vantage: "external", seconds: 3, oldestJobSeconds: 3_600 },
    });
    const admin = (...commands: string[][]) => redis.admin(...commands);
    await admin(["LPUSH", "bull:mail:wait", "2", "1"], ["HSET", "bull:mail:1", "timestamp", String(Date.now())]);
    await admin(["ZADD", "bull:mail:completed", "1", "3"], ["HSET", "bull:mail:3", "data", "x".repeat(1_000)]);
    recorded.good = await sampler.sample();
    await admin(["SETRANGE", "big", String(190 * MB), "x"]);
    recorded.high = await sampler.sample();
    await admin(["SETRANGE", "big", String(215 * MB), "x"]);
    recorded.full = await sampler.sample();
    await admin(["CONFIG", "SET", "maxmemory", "64mb"]);
    recorded.refusing = await sampler.sample();
    await admin(["DEL", "big"], ["CONFIG", "SET", "maxmemory", "256mb", "maxmemory-policy", "allkeys-lru"]);
    recorded.unlike = await sampler.sample();
    await admin(["CONFIG", "SET", "maxmemory", "2mb"], ["SET", "a", "a".repeat(MB)], ["SET", "b", "b".repeat(MB)]);
    await admin(["CONFIG", "SET", "maxmemory", "256mb"]);
    recorded.evicted = await sampler.sample();
    await admin(["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    await admin(["DEL", "bull:mail:wait"], ["LPUSH", "bull:mail:wait", "1"]);
    await admin(["HSET", "bull:mail:1", "timestamp", String(Date.now() - 7_200_000)]);
    recorded.stalled = await sampler.sample();
    await redis.stop();
    recorded.down = await sampler.sample();
    recorded.backedUp = { ...(recorded.good as Sample), backupAt: 1 };
  });
  afterAll(async () => {
    await redis.stop();
    await api.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test("check metrics", () => {
    for (const sample of Object.values(recorded)) {
      const said = execFileSync("promtool", ["check", "metrics"], {
        input: prometheusText([sample]),
        encoding: "utf8",
      });
      expect(said).toBe("");
    }
  });

  test("check rules", () => {
    const file = join(directory, "alerts.yml");
    writeFileSync(file, formatAlertRules());
    expect(execFileSync("promtool", ["check", "rules", file], { encoding: "utf8" })).toContain(
      `${ALERT_RULES.length} rules found`,
    );
  });

  /** Each minute's state, and which rules then fire at the end. */
  const COURSES: readonly (readonly [
    what: string,
    course: readonly (readonly [state: string, minutes: number])[],
    fires: readonly string[],
  ])[] = [
    ["nothing while all is well", [["good", 60]], []],
    [
      "memory above 70 %",
      [
        ["good", 10],
        ["high", 20],
      ],
      ["RedisMemoryHigh"],
    ],
    [
      "memory above 80 %",
      [
        ["good", 10],
        ["full", 20],
      ],
      ["RedisMemoryFull", "RedisMemoryHigh"],
    ],
    [
      "not for a moment above",
      [
        ["good", 20],
        ["full", 1],
      ],
      [],
    ],
    [
      "and no more once it is below",
      [
        ["full", 20],
        ["good", 5],
      ],
      [],
    ],
    [
      "writes refused while PING answers",
      [
        ["good", 10],
        ["refusing", 4],
      ],
      ["RedisMemoryFull", "RedisRefusesWrites"],
    ],
    [
      "another policy",
      [
        ["good", 10],
        ["unlike", 10],
      ],
      ["RedisNotAsDescribed"],
    ],
    [
      "evictions on a queue",
      [
        ["unlike", 10],
        ["evicted", 3],
      ],
      ["RedisEvictsJobs", "RedisNotAsDescribed"],
    ],
    [
      "evictions of long ago",
      [
        ["evicted", 10],
        ["stalled", 4],
      ],
      [],
    ],
    [
      "a job that waits too long",
      [
        ["evicted", 10],
        ["stalled", 10],
      ],
      ["RedisJobWaitsTooLong"],
    ],
    [
      "a server that is away",
      [
        ["good", 10],
        ["down", 3],
      ],
      ["RedisDown"],
    ],
    [
      "a backup of long ago",
      [
        ["good", 10],
        ["backedUp", 27 * 60],
      ],
      ["RedisBackupTooOld"],
    ],
    ["nothing is measured", [["nothing", 20]], ["RedisNotMeasured"]],
  ];

  test("test rules", () => {
    const rules = join(directory, "alerts.yml");
    writeFileSync(rules, formatAlertRules());
    const tests = COURSES.map(([name, course, fires]) => {
      const minutes = course.reduce((sum, [, each]) => sum + each, 0);
      return {
        ...{ name, interval: "1m", input_series: seriesOf(course) },
        promql_expr_test: [
          {
            expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
            eval_time: `${minutes - 1}m`,
            exp_samples: fires.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
          },
        ],
      };
    });
    const file = join(directory, "tests.yml");
    writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: "1m", tests }));
    let said = "";
    try {
      said = execFileSync("promtool", ["test", "rules", file], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
      said = error instanceof Error ? `${error.message}` : "";
    }
    expect(said).toContain("SUCCESS");
  });

  /** What was recorded, minute by minute, as promtool reads it. */
  function seriesOf(course: readonly (readonly [state: string, minutes: number])[]) {
    const states = course.map(([state, minutes]) => {
      const sample = recorded[state];
      const lines = sample === undefined ? [] : prometheusText([sample]).split("\n");
      const values = lines
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => [line.slice(0, line.lastIndexOf(" ")), line.slice(line.lastIndexOf(" ") + 1)] as const);
      return { minutes, values: new Map(values) };
    });
    const names = [...new Set(states.flatMap(({ values }) => [...values.keys()]))];
    return names.map((series) => ({
      series,
      values: states.flatMap(({ minutes, values }) => Array(minutes).fill(values.get(series) ?? "_")).join(" "),
    }));
  }
});
