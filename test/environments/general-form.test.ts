import { expect, test } from "vitest";
import { type EnvironmentInput, parseEnvironment } from "../../environments/define.ts";
import { resolveEnvironments } from "../../environments/environments.ts";
import { pickInstance } from "../../environments/pick.ts";

const ID = "d00000000000000000a0";

/** A team's: a queue and a cache, and services of four kinds. */
const TEAM = {
  name: "team",
  production: true,
  redis: {
    queue: { name: "koinoniasms-redis", role: "queue", region: "oregon", plan: "standard", memory: "1 GB" },
    cache: { name: "koinoniasms-cache", role: "cache", region: "oregon", plan: "starter" },
  },
  services: {
    backend: {
      name: "connect-yw-backend",
      region: "oregon",
      id: `srv-${ID}`,
      uses: { REDIS_URL: "queue", CACHE_URL: "cache" },
      env: { ENABLE_QUEUES: "true" },
      healthPath: "/health",
    },
    worker: { name: "connect-yw-worker", uses: { REDIS_URL: "queue" }, drain: { queue: "node drain.js" } },
    celery: {
      name: "reports",
      uses: {
        CELERY_BROKER_URL: { redis: "queue", database: 0 },
        CELERY_RESULT_BACKEND: { redis: "queue", database: 1 },
      },
    },
    nightly: {
      name: "nightly-mail",
      id: `crn-${ID}`,
      uses: { REDIS_HOST: { redis: "queue", as: "host" }, REDIS_PORT: { redis: "queue", as: "port" } },
    },
  },
  state: { type: "pg", schemaName: "team" },
} satisfies EnvironmentInput;

test("several instances and services have everything decided", () => {
  const { redis, services, production } = parseEnvironment(TEAM);
  expect(production).toBe(true);
  expect(redis.queue).toMatchObject({ role: "queue", evictionPolicy: "noeviction" });
  expect(redis.cache).toMatchObject({ role: "cache", evictionPolicy: "allkeys_lru", persistence: "journal_snapshot" });
  expect(Object.keys(services)).toEqual(["backend", "worker", "celery", "nightly"]);
  expect(services.backend).toMatchObject({
    uses: { REDIS_URL: { redis: "queue", as: "url" }, CACHE_URL: { redis: "cache", as: "url" } },
    groupName: "connect-yw-backend-redis-env",
  });
  expect(services.worker).toMatchObject({ env: {}, drain: { queue: "node drain.js" }, rollOutSeconds: 900 });
  expect(services.celery?.uses.CELERY_RESULT_BACKEND).toEqual({ redis: "queue", as: "url", database: 1 });
  expect(services.nightly?.uses.REDIS_PORT).toEqual({ redis: "queue", as: "port" });
  expect(parseEnvironment(parseEnvironment(TEAM))).toEqual(parseEnvironment(TEAM));
});

test("the short form is the general one with the keys redis and backend", () => {
  const redis = { name: "queues", region: "oregon", plan: "standard" } as const;
  const state = { type: "pg", schemaName: "a" } as const;
  const short = parseEnvironment({
    name: "a",
    redis,
    backend: { name: "web", serviceId: `srv-${ID}`, drainCommand: "npm run drain" },
    state,
  });
  const backend = {
    ...{ name: "web", id: `srv-${ID}`, uses: { REDIS_URL: "redis" }, env: { ENABLE_QUEUES: "true" } },
    ...{ drain: { redis: "npm run drain" }, groupName: "queues-env" },
  };
  expect(short).toEqual(parseEnvironment({ name: "a", redis: { redis }, services: { backend }, state }));
  expect(short).toEqual(parseEnvironment({ name: "a", redis, services: { backend }, state }));
});

test("an instance may be alone, and a field's name is a key like any other", () => {
  const instance = { name: "queues", region: "oregon", plan: "standard" } as const;
  const alone = parseEnvironment({ ...TEAM, redis: instance, services: {} });
  expect([Object.keys(alone.redis), alone.services]).toEqual([["redis"], {}]);
  const named = parseEnvironment({
    ...TEAM,
    redis: { name: instance, plan: { ...instance, name: "b" } },
    services: {},
  });
  expect(Object.keys(named.redis)).toEqual(["name", "plan"]);
});

const { queue } = TEAM.redis;
const { worker } = TEAM.services;
const withWorker = (change: object) => ({ services: { worker: { ...worker, ...change } } });
const PRIVATE = { ...queue, internalAuthentication: true };
const password = { redis: "queue", as: "password" };

/** What people get wrong, and the line that they read. */
test.each<[string, object, string]>([
  ["no instance", { redis: {} }, "`redis` must describe an instance."],
  ["no services", { services: undefined }, "`services` is missing."],
  ["both forms", { backend: { name: "a" } }, "`backend` is not a field."],
  [
    "a key that is none",
    { redis: { "my-queue": queue } },
    "`redis.my-queue` must be a key of small letters, digits and _",
  ],
  [
    "a service's key that is none",
    { services: { Worker: worker } },
    "`services.Worker` must be a key of small letters",
  ],
  ["a key that is taken", { redis: { checks: queue } }, "`redis.checks` must be another key than checks and preflight"],
  ["a key of both", { services: { queue: worker } }, "`services.queue` must have another key: an instance has it."],
  ["an instance's mistake", { redis: { queue: { ...queue, plan: "standrad" } } }, "`redis.queue.plan` must be one of"],
  [
    "a role that there is not",
    { redis: { queue: { ...queue, role: "cashe" } } },
    'got: "cashe". Did you mean "cache"?',
  ],
  ["a library", { redis: { queue: { ...queue, queues: ["bulmq"] } } }, "`redis.queue.queues.0` must be one of bullmq"],
  [
    "a service's mistake",
    withWorker({ rollOutSeconds: 1 }),
    "`services.worker.rollOutSeconds` must be at least 10, got: 1.",
  ],
  ["a short form's field", withWorker({ serviceId: `srv-${ID}` }), "`services.worker.serviceId` is not a field."],
  ["nothing used", withWorker({ uses: {} }), "`services.worker.uses` must name a variable, and the instance"],
  ["no uses", withWorker({ uses: undefined }), "`services.worker.uses` is missing."],
  [
    "another instance",
    withWorker({ uses: { REDIS_URL: "queu" } }),
    '`services.worker.uses.REDIS_URL` must be one of queue, cache, got: "queu". Did you mean "queue"?',
  ],
  ["a use that is none", withWorker({ uses: { A: 1 } }), "`services.worker.uses.A` must be of type object, got: 1."],
  ["a use of nothing", withWorker({ uses: { A: { as: "url" } } }), "`services.worker.uses.A.redis` is missing."],
  [
    "a part that there is not",
    withWorker({ uses: { A: { redis: "queue", as: "hots" } } }),
    '`services.worker.uses.A.as` must be one of url, host, port, password, got: "hots". Did you mean "host"?',
  ],
  [
    "a database that there is not",
    withWorker({ uses: { A: { redis: "queue", database: 16 } } }),
    "`services.worker.uses.A.database` must be at most 15, got: 16.",
  ],
  [
    "a host with a database",
    withWorker({ uses: { A: { redis: "queue", as: "host", database: 1 } } }),
    "`services.worker.uses.A` must not have a database",
  ],
  [
    "a variable's name",
    withWorker({ uses: { "A-B": "queue" } }),
    "`services.worker.uses.A-B` must be a variable's name",
  ],
  [
    "a variable twice",
    withWorker({ env: { REDIS_URL: "redis://x" } }),
    "`services.worker.uses.REDIS_URL` must not be in `env`, too",
  ],
  [
    "a host without the password that it needs",
    { redis: { queue: PRIVATE }, ...withWorker({ uses: { A: { redis: "queue", as: "host" } } }) },
    '`services.worker.uses.A` needs a variable with the password beside it: "queue" asks for one.',
  ],
  [
    "a password that there is not",
    withWorker({ uses: { A: password } }),
    '`services.worker.uses.A` must not be a password: inside Render "queue" asks for none.',
  ],
  [
    "a drain of another instance",
    withWorker({ drain: { queu: "x" } }),
    '`services.worker.drain.queu` must be one of queue, cache, got: "queu". Did you mean "queue"?',
  ],
  [
    "an instance that two drain",
    { services: { worker, other: { ...worker, name: "other" } } },
    '`services.other.drain.queue` must be in one service, and "worker" has it, too.',
  ],
  [
    "an instance's name twice",
    { redis: { queue, cache: { ...queue } } },
    '`redis.cache.name` must not be "koinoniasms-redis", which `redis.queue` has.',
  ],
  [
    "a service twice",
    { services: { worker: { ...worker, id: `srv-${ID}` }, other: { name: "b", id: `srv-${ID}`, uses: worker.uses } } },
    `\`services.other.id\` must not be "srv-${ID}", which \`services.worker\` has.`,
  ],
  [
    "a group twice",
    { services: { worker, other: { name: "connect-yw-worker", uses: worker.uses } } },
    '`services.other.groupName` must not be "connect-yw-worker-redis-env", which `services.worker` has.',
  ],
])("%s: the message names the field, what is allowed, and the value", (_what, change, line) => {
  const input: unknown = { ...TEAM, ...change };
  expect(() => Reflect.apply(parseEnvironment, undefined, [input])).toThrow(line);
});

test("a host with a password beside it is right, by whichever variable", () => {
  const uses = {
    REDIS_HOST: { redis: "queue", as: "host" },
    REDIS_PASSWORD: { redis: "queue", as: "password" },
  } as const;
  const services = { worker: { name: "w", uses } };
  expect(() => parseEnvironment({ ...TEAM, redis: { queue: PRIVATE }, services })).not.toThrow();
});

test("two environments share no instance's name, no group and no service, whatever their keys", () => {
  const other = (change: Partial<EnvironmentInput>): EnvironmentInput => ({
    ...{ name: "other", state: { type: "pg", schemaName: "other" } },
    redis: { jobs: { ...queue, name: "jobs" } },
    services: { app: { name: "app", uses: { REDIS_URL: "jobs" } } },
    ...change,
  });
  const both = (change: Partial<EnvironmentInput>) => () => resolveEnvironments([TEAM, other(change)]);
  expect(both({})).not.toThrow();
  expect(both({ redis: { jobs: { ...queue, name: "koinoniasms-cache" } } })).toThrow(
    'The environments "team" and "other" have the same name of an instance, "koinoniasms-cache".',
  );
  const uses = { REDIS_URL: "jobs" };
  expect(both({ services: { app: { name: "connect-yw-worker", uses } } })).toThrow(
    'have the same name of an environment group, "connect-yw-worker-redis-env".',
  );
  expect(both({ services: { app: { name: "app", id: `crn-${ID}`, uses } } })).toThrow(
    `have the same service, "crn-${ID}". If that is meant, set sharesService: true of it in both.`,
  );
});

test("a command is about the instance that is named, or the only one", () => {
  const team = parseEnvironment(TEAM);
  expect(pickInstance(team, "cache")).toEqual(["cache", team.redis.cache]);
  expect(() => pickInstance(team)).toThrow(
    'The environment "team" has several instances: queue, cache. Name one: team queue.',
  );
  expect(() => pickInstance(team, "cash")).toThrow('The instance must be one of queue, cache, got: "cash".');
  const alone = parseEnvironment({ ...TEAM, redis: { queue }, services: {} });
  expect(pickInstance(alone)).toEqual(["queue", alone.redis.queue]);
});
