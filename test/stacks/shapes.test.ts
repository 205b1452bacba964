import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import type { EnvironmentInput } from "../../environments/define.ts";
import { createApp } from "../../stacks/create-app.ts";

// What teams on Render have, by their public Terraform: how many instances, who uses them, and under which names.

const outdir = mkdtempSync(join(import.meta.dirname, "../..", ".synth-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const OREGON = { region: "oregon" } as const;
const id = (letter: string) => `srv-${letter.repeat(20)}`;
const url = (key: string, end = "") => `redis://\${render_keyvalue.${key}.id}:6379${end}`;

interface Shape extends Pick<EnvironmentInput, "redis" | "services" | "backend"> {
  /** The variables of each service's group. */
  readonly groups: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Each instance's plan, eviction policy and persistence. */
  readonly instances: Readonly<Record<string, readonly [plan: string, evictionPolicy: string, persistence: string]>>;
}

const QUEUE = ["standard", "noeviction", "journal_snapshot"] as const;

const SHAPES: Readonly<Record<string, Shape>> = {
  "one Redis, and a web service that reads REDIS_URL": {
    redis: { name: "app-redis", ...OREGON, plan: "standard" },
    backend: { name: "app", env: { NODE_ENV: "production" } },
    groups: { backend: { NODE_ENV: "production", REDIS_URL: url("redis") } },
    instances: { redis: QUEUE },
  },
  "a Redis that no service here uses": {
    redis: { name: "shared-redis", ...OREGON, plan: "standard" },
    services: {},
    groups: {},
    instances: { redis: QUEUE },
  },
  "a cache alone": {
    redis: { cache: { name: "app-cache", role: "cache", ...OREGON, plan: "starter", persistence: "off" } },
    services: { web: { name: "app", id: id("a"), uses: { CACHE_URL: "cache" } } },
    groups: { web: { CACHE_URL: url("cache") } },
    instances: { cache: ["starter", "allkeys_lru", "off"] },
  },
  "a web service and a worker on one queue": {
    redis: { queue: { name: "jobs", ...OREGON, plan: "standard" } },
    services: {
      web: { name: "web", id: id("a"), uses: { REDIS_URL: "queue" } },
      worker: { name: "worker", id: id("b"), uses: { REDIS_URL: "queue" }, drain: { queue: "node drain.js" } },
    },
    groups: { web: { REDIS_URL: url("queue") }, worker: { REDIS_URL: url("queue") } },
    instances: { queue: QUEUE },
  },
  "a queue and a cache": {
    redis: {
      queue: { name: "jobs", ...OREGON, plan: "standard" },
      cache: { name: "cache", role: "cache", ...OREGON, plan: "starter", evictionPolicy: "volatile-lru" },
    },
    services: { web: { name: "web", id: id("a"), uses: { REDIS_URL: "queue", CACHE_URL: "cache" } } },
    groups: { web: { REDIS_URL: url("queue"), CACHE_URL: url("cache") } },
    instances: { queue: QUEUE, cache: ["starter", "volatile_lru", "journal_snapshot"] },
  },
  "Celery: broker and results in two databases": {
    redis: { broker: { name: "celery", queues: ["celery"], ...OREGON, plan: "standard" } },
    services: {
      worker: {
        name: "celery-worker",
        id: id("a"),
        uses: {
          CELERY_BROKER_URL: { redis: "broker", database: 0 },
          CELERY_RESULT_BACKEND: { redis: "broker", database: 1 },
        },
      },
    },
    groups: { worker: { CELERY_BROKER_URL: url("broker", "/0"), CELERY_RESULT_BACKEND: url("broker", "/1") } },
    instances: { broker: QUEUE },
  },
  "host, port and database apart": {
    redis: { main: { name: "main", ...OREGON, plan: "standard" } },
    services: {
      nightly: {
        name: "nightly",
        id: `crn-${"a".repeat(20)}`,
        uses: { REDIS_HOST: { redis: "main", as: "host" }, REDIS_PORT: { redis: "main", as: "port" } },
        env: { REDIS_DB: "2" },
      },
    },
    groups: { nightly: { REDIS_DB: "2", REDIS_HOST: `\${render_keyvalue.main.id}`, REDIS_PORT: "6379" } },
    instances: { main: QUEUE },
  },
  "the same URL under three names": {
    redis: { main: { name: "main", ...OREGON, plan: "standard" } },
    services: {
      web: {
        name: "web",
        id: id("a"),
        uses: { REDIS_URL: "main", KV_URL: "main", BULL_REDIS_URL: { redis: "main", as: "url" } },
      },
    },
    groups: { web: { REDIS_URL: url("main"), KV_URL: url("main"), BULL_REDIS_URL: url("main") } },
    instances: { main: QUEUE },
  },
  "seven consumers of one queue": {
    redis: { queue: { name: "jobs", ...OREGON, plan: "standard" } },
    services: Object.fromEntries(
      [..."abcdefg"].map((letter) => [
        `w_${letter}`,
        { name: `worker-${letter}`, id: id(letter), uses: { REDIS_URL: "queue" } },
      ]),
    ),
    groups: Object.fromEntries([..."abcdefg"].map((letter) => [`w_${letter}`, { REDIS_URL: url("queue") }])),
    instances: { queue: QUEUE },
  },
  "Sidekiq in one, Rails' cache in the other, the sizes by memory": {
    redis: {
      sidekiq: { name: "sidekiq", queues: ["sidekiq"], ...OREGON, memory: "256 MB" },
      rails: { name: "rails-cache", role: "cache", ...OREGON, memory: "1 GB", evictionPolicy: "allkeys-lfu" },
    },
    services: {
      web: {
        name: "rails",
        id: id("a"),
        uses: { REDIS_URL: "sidekiq", REDIS_CACHE_URL: { redis: "rails", database: 3 } },
      },
      jobs: { name: "sidekiq", id: id("b"), uses: { REDIS_URL: "sidekiq" }, drain: { sidekiq: "bin/drain" } },
    },
    groups: {
      web: { REDIS_URL: url("sidekiq"), REDIS_CACHE_URL: url("rails", "/3") },
      jobs: { REDIS_URL: url("sidekiq") },
    },
    instances: {
      sidekiq: ["starter", "noeviction", "journal_snapshot"],
      rails: ["standard", "allkeys_lfu", "journal_snapshot"],
    },
  },
};

const resourcesSchema = z.object({
  resource: z.object({
    render_keyvalue: z.record(
      z.string(),
      z.looseObject({ plan: z.string(), max_memory_policy: z.string(), persistence_mode: z.string() }),
    ),
    render_env_group: z
      .record(z.string(), z.looseObject({ env_vars: z.record(z.string(), z.object({ value: z.string() })) }))
      .default({}),
    render_env_group_link: z.record(z.string(), z.looseObject({ service_ids: z.array(z.string()) })).default({}),
  }),
});

test.each(Object.entries(SHAPES))("%s", (_what, { groups, instances, ...described }) => {
  const state = { type: "local", path: ".state/shape.tfstate" } as const;
  createApp([{ name: "shape", state, ...described }], outdir).synth();
  const text = readFileSync(join(outdir, "stacks/shape/cdk.tf.json"), "utf8");
  const { resource } = resourcesSchema.parse(JSON.parse(text));
  const variables = Object.entries(resource.render_env_group).map(([key, { env_vars }]) => [
    key,
    Object.fromEntries(Object.entries(env_vars).map(([name, { value }]) => [name, value])),
  ]);
  expect(Object.fromEntries(variables)).toEqual(groups);
  const settings = Object.entries(resource.render_keyvalue).map(([key, one]) => [
    key,
    [one.plan, one.max_memory_policy, one.persistence_mode],
  ]);
  expect(Object.fromEntries(settings)).toEqual(instances);
  // Each group is linked to its own service alone.
  const ids = Object.entries({ ...described.services, ...(described.backend && { backend: { id: undefined } }) });
  expect(resource.render_env_group_link).toEqual(
    Object.fromEntries(
      ids.map(([key, { id = `\${var.${key}_service_id}` }]) => {
        return [key, expect.objectContaining({ env_group_id: `\${render_env_group.${key}.id}`, service_ids: [id] })];
      }),
    ),
  );
});
