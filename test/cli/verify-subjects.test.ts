import { expect, test, vi } from "vitest";
import type { EnvironmentInput } from "../../environments/define.ts";
import { readCommandLine } from "./read-verify.ts";

const read = vi.hoisted(() => ({ known: [] as EnvironmentInput[] }));
vi.mock("../../environments/load.ts", async (original) => {
  const { loadEnvironments, ...rest } = await original<typeof import("../../environments/load.ts")>();
  return { ...rest, loadEnvironments: () => loadEnvironments(async () => read.known) };
});

const REGION = { region: "oregon" } as const;
const id = (letter: string) => `srv-${letter.repeat(20)}`;
const state = (name: string) => ({ type: "local", path: `.state/${name}.tfstate` }) as const;
const queue = { name: "q", role: "queue", plan: "starter", ...REGION } as const;
const TEAM: EnvironmentInput = {
  name: "team",
  redis: { queue, cache: { name: "c", role: "cache", plan: "starter", ...REGION } },
  services: {
    web: { name: "web", id: id("w"), uses: { REDIS_URL: "queue", CACHE_URL: "cache" }, healthPath: "/health" },
    worker: { name: "worker", uses: { HOST: { redis: "cache", as: "host" } } },
  },
  state: state("team"),
};
const ALONE: EnvironmentInput = {
  name: "alone",
  redis: { queue: { ...queue, name: "a" } },
  services: {},
  state: state("alone"),
};
const SHORT: EnvironmentInput = {
  name: "short",
  redis: { ...queue, name: "s" },
  backend: { name: "backend", serviceId: id("b") },
  state: state("short"),
};

const PAIR: EnvironmentInput = {
  name: "pair",
  redis: { broker: { ...queue, name: "b" } },
  services: { celery: { name: "celery", id: id("c"), uses: { CELERY_BROKER_URL: { redis: "broker", database: 0 } } } },
  state: state("pair"),
};

async function subjects(...args: string[]) {
  read.known = [TEAM, ALONE, SHORT, PAIR];
  const request = await readCommandLine(args, { TF_VAR_worker_service_id: id("k") });
  return (request?.targets ?? []).map(({ expected, key, service, checks, serviceId, used }) => {
    return {
      of: `${expected.environment} ${key}`,
      instance: expected.name,
      service: service?.name,
      checks,
      serviceId,
      used,
    };
  });
}

test("an environment is verified instance by instance, then service by service in the order of their roll-outs", async () => {
  const all = await subjects("team");
  expect(all.map(({ of, instance, service }) => [of, instance, service])).toEqual([
    ["team queue", "q", undefined],
    ["team cache", "c", undefined],
    ["team web", "q", "web"],
    ["team worker", "c", "worker"],
  ]);
  expect(all.map(({ checks }) => new Set(checks.map(({ about }) => about === "service")))).toEqual([
    ...[new Set([false]), new Set([false]), new Set([true]), new Set([true])],
  ]);
  // A service that uses the instance looks at it from inside.
  expect(all.map(({ serviceId }) => serviceId)).toEqual([id("w"), id("w"), id("w"), id("k")]);
  expect(Object.keys(all[2]?.used ?? {})).toEqual(["queue", "cache"]);
});

test.each([
  [["team", "cache"], ["team cache"]],
  [
    ["team", "worker", "queue"],
    ["team queue", "team worker"],
  ],
  [["alone"], ["alone undefined"]],
  [["short"], ["short undefined"]],
  [["short", "backend"], ["short undefined"]],
  [
    ["team", "cache", "alone", "short", "redis"],
    ["team cache", "alone undefined", "short undefined"],
  ],
  [
    ["team", "--only", "ping"],
    ["team queue", "team cache"],
  ],
])("%j", async (args, verified) => {
  expect((await subjects(...args)).map(({ of }) => of)).toEqual(verified);
});

test("one instance and one service are one, as they always were; an instance alone has no service to be asked of", async () => {
  const [pair] = await subjects("short");
  expect(new Set(pair?.checks.map(({ about }) => about))).toEqual(new Set([undefined, "names", "service"]));
  const [alone] = await subjects("alone");
  expect(alone?.checks.some(({ about }) => about === "service")).toBe(false);
});

test.each(["short redis", "pair broker"])("%s: the service of a pair uses the instance by its key", async (words) => {
  const [name = "", key = ""] = words.split(" ");
  const [pair] = await subjects(name);
  expect(Object.keys(pair?.used ?? {})).toEqual([key]);
  expect(pair?.used?.[key]?.expected.name).toBe(pair?.instance);
});

test.each([
  [["team", "cahce"], /must be one of queue, cache, web, worker, got: "cahce"\. Did you mean "cache"\?/],
  [["team", "alon"], /got: "alon"\..*the environment "alone"\?/],
  [["cache"], /The environment must be one of team, alone, short, pair/],
  [["team", "--instance", "red-a"], /exactly one environment, and one instance/],
  [["team", "web", "--instance", "red-a"], /exactly one environment, and one instance/],
])("%j is refused", async (args, message) => {
  await expect(subjects(...args)).rejects.toThrow(message);
});
