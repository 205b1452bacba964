import { expect, test } from "vitest";
import { z } from "zod";
import { formatSarif, lineOf } from "../../../cli/report/review/sarif.ts";
import { failedReview, type Review } from "../../../pipeline/review/review.ts";

const FILE = `import { defineEnvironment } from "./define.ts";

export const staging = defineEnvironment({
  name: "staging",
  redis: {
    queue: { name: "q", plan: "starter" },
    cache: {
      name: "c",
      plan: "free",
      evictionPolicy: "allkeys-lru",
      ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "all" }],
    },
  },
  backend: { name: "api", env: { WORKERS: "4" } },
  state: { type: "local" },
  exceptions: [{ rule: "production-remote-state", reason: "No runner." }],
});
`;

const result = z.object({
  ruleId: z.string(),
  ruleIndex: z.int().min(0),
  level: z.enum(["error", "warning", "note"]),
  message: z.object({ text: z.string().min(1) }),
  locations: z.tuple([
    z.object({
      physicalLocation: z.object({
        artifactLocation: z.object({ uri: z.string(), uriBaseId: z.literal("%SRCROOT%") }),
        region: z.object({ startLine: z.int().min(1) }),
      }),
    }),
  ]),
  partialFingerprints: z.record(z.string(), z.string()),
});
const rule = z.object({ id: z.string(), shortDescription: z.object({ text: z.string().min(1) }) });
const sarif = z.object({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.tuple([
    z.object({
      tool: z.object({ driver: z.object({ name: z.string(), rules: z.array(rule) }) }),
      results: z.array(result),
    }),
  ]),
});

/** Each result in a line: `rule level file:line`. */
function told(reviews: readonly Review[]): string[] {
  const [{ tool, results }] = sarif.parse(JSON.parse(formatSarif(reviews, () => FILE))).runs;
  return results.map(({ ruleId, ruleIndex, level, locations: [{ physicalLocation }] }) => {
    expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    return `${ruleId} ${level} ${physicalLocation.artifactLocation.uri}:${physicalLocation.region.startLine}`;
  });
}

const QUIET: Review = { ...failedReview("staging", "change", ""), errors: [], verdict: "no changes" };
const consequence = (
  kind: Review["findings"][0]["kind"],
  address: string,
  attribute?: string,
  acknowledge = false,
) => ({
  ...{ kind, address, consequence: `${kind}.`, acknowledge },
  causes: attribute === undefined ? [] : [{ attribute, before: "x", after: "y" }],
});

test("consequences and rules stand at the line that brings them about", () => {
  const review: Review = {
    ...QUIET,
    findings: [
      consequence("data-loss", "render_keyvalue.cache", "plan", true),
      consequence("restart", "render_keyvalue.cache", "max_memory_policy"),
      consequence("exposure", 'render_keyvalue.cache["x"]', "ip_allow_list"),
      consequence("behaviour", "render_env_group.backend", "env_vars.WORKERS.value"),
      consequence("checks", "null_resource.queue_checks"),
      consequence("new", "render_keyvalue.queue"),
    ],
    drift: [consequence("cost", "render_keyvalue.queue", "plan")],
    policy: {
      warnings: [{ rule: "not-open", message: "It is open. List them in redis.ipAllowList." }],
      exceptions: [{ rule: "production-remote-state", reason: "No runner." }],
    },
  };
  expect(told([review])).toEqual([
    "data-loss error environments/staging.ts:9",
    "restart warning environments/staging.ts:10",
    "exposure warning environments/staging.ts:11",
    "behaviour warning environments/staging.ts:14",
    "checks note environments/staging.ts:4",
    "new note environments/staging.ts:6",
    "drift warning environments/staging.ts:6",
    "not-open warning environments/staging.ts:11",
    "production-remote-state note environments/staging.ts:16",
  ]);
});

test("of what could not be planned each broken rule and each wrong field stands at its own", () => {
  const broken = [
    'The environment "staging" breaks the rule production-paid: Production is not on a free plan. Set redis.plan.',
    'The environment "staging" breaks the rule queues-never-evict: It never evicts. Set redis.evictionPolicy, or backend.env.',
  ].join("\n");
  expect(told([failedReview("staging", "change", broken)])).toEqual([
    "production-paid error environments/staging.ts:6",
    "queues-never-evict error environments/staging.ts:10",
  ]);
  const wrong = 'The environment "staging" is not valid:\n  `backend.env` must be …\n  `redis.cache.plan` must be …';
  expect(told([failedReview("other", "change", wrong)])).toEqual([
    "cannot-be-planned error environments/staging.ts:14",
    "cannot-be-planned error environments/staging.ts:9",
  ]);
  expect(told([failedReview("staging", "change", "No plan.\nBecause.")])).toEqual([
    "cannot-be-planned error environments/staging.ts:4",
  ]);
});

test("where nothing of it is written, or no file can be read, it is the first line or the name's", () => {
  expect(lineOf("", ["plan"])).toBe(1);
  expect(lineOf(FILE, ["nowhere"])).toBe(4);
  expect(lineOf(FILE, ["env"])).toBe(14);
  expect(sarif.parse(JSON.parse(formatSarif([QUIET]))).runs[0].results).toEqual([]);
});
