import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { defineEnvironment, parseEnvironment, type ShortEnvironment } from "../../environments/define.ts";
import { resolveEnvironment, resolveEnvironments } from "../../environments/environments.ts";
import { ENVIRONMENTS } from "../../environments/list.ts";
import { ENVIRONMENTS_DIRECTORY } from "../../environments/load.ts";
import { pickInstance } from "../../environments/pick.ts";
import { refuseUnlisted } from "../../environments/unlisted.ts";
import { expectedInstance } from "../../render/instance.ts";
import { Stop } from "../../runtime/errors.ts";

const MINIMAL: ShortEnvironment = {
  name: "test",
  redis: { name: "queues", region: "oregon", plan: "standard" },
  backend: { name: "backend" },
  state: { type: "local", path: ".state/test.tfstate" },
};

test("the smallest environment has everything decided", () => {
  expect(parseEnvironment(defineEnvironment(MINIMAL))).toEqual({
    name: "test",
    production: false,
    redis: {
      redis: {
        name: "queues",
        region: "oregon",
        plan: "standard",
        evictionPolicy: "noeviction",
        persistence: "journal_snapshot",
        ipAllowList: [],
        deletionProtection: true,
        internalAuthentication: false,
        role: "queue",
      },
    },
    services: {
      backend: {
        name: "backend",
        uses: { REDIS_URL: { redis: "redis", as: "url" } },
        env: { ENABLE_QUEUES: "true" },
        drain: {},
        rollOutSeconds: 900,
        groupName: "queues-env",
      },
    },
    state: { type: "local", path: ".state/test.tfstate" },
    checks: { deadlineSeconds: 300, acceptUnknown: false },
    emulator: false,
    exceptions: [],
  });
});

test("production is what the mission says", () => {
  const production = resolveEnvironment("production", ENVIRONMENTS);
  const [, instance] = pickInstance(production);
  expect(production.production).toBe(true);
  expect(expectedInstance(production, instance)).toEqual({
    environment: "production",
    name: "koinoniasms-redis",
    region: "oregon",
    plan: "standard",
    evictionPolicy: "noeviction",
    persistence: "journal_snapshot",
    ipAllowList: [],
    internalAuthentication: false,
  });
  expect(instance.deletionProtection).toBe(true);
  expect(production.services.backend).toEqual({
    name: "connect-yw-backend",
    region: "oregon",
    uses: { REDIS_URL: { redis: "redis", as: "url" } },
    env: { ENABLE_QUEUES: "true" },
    drain: {},
    rollOutSeconds: 900,
    groupName: "koinoniasms-redis-env",
  });
});

test("what is decided can be decided again", () => {
  for (const environment of resolveEnvironments(ENVIRONMENTS))
    expect(parseEnvironment(environment)).toEqual(environment);
});

const OTHER: ShortEnvironment = {
  name: "other",
  redis: { ...MINIMAL.redis, name: "jobs" },
  backend: { name: "backend" },
  state: { type: "local", path: ".state/other.tfstate" },
};
const serviceId = "srv-d00000000000000000a0";

test.each<[string, Partial<ShortEnvironment>, Partial<ShortEnvironment>]>([
  ["name", {}, { name: "test" }],
  ["state", {}, { state: MINIMAL.state }],
  ['name of an instance, "queues"', {}, { redis: { ...MINIMAL.redis, region: "ohio" } }],
  ['name of an environment group, "queues-env"', {}, { backend: { name: "a", groupName: "queues-env" } }],
  [`service, "${serviceId}"`, { backend: { name: "a", serviceId } }, { backend: { name: "b", serviceId } }],
])("no two environments share the %s", (what, one, other) => {
  const [environment, another] = [
    { ...MINIMAL, ...one },
    { ...OTHER, ...other },
  ];
  const message = `The environments "test" and "${another.name}" have the same ${what}.`;
  expect(() => resolveEnvironments([environment, another])).toThrow(message);
  expect(() => resolveEnvironment("test", [environment, another])).toThrow(message);
  expect(resolveEnvironments([MINIMAL, OTHER]).map(({ name }) => name)).toEqual(["test", "other"]);
});

const s3 = { type: "s3", bucket: "b", key: "k", region: "us-west-2" } as const;
const azurerm = {
  type: "azurerm",
  resourceGroupName: "g",
  storageAccountName: "a",
  containerName: "c",
  key: "k",
} as const;
const http = { type: "http", address: "https://state.example/a" } as const;

test.each<[string, ShortEnvironment["state"], ShortEnvironment["state"], boolean]>([
  ["a path in other words", { type: "local", path: ".state/a" }, { type: "local", path: ".\\.state//a" }, true],
  ["a bucket's object that is locked and encrypted otherwise", s3, { ...s3, encrypt: false, useLockfile: false }, true],
  ["a bucket's object by another region", s3, { ...s3, region: "us-east-1" }, true],
  ["another object", s3, { ...s3, key: "l" }, false],
  ["another store", s3, { ...s3, endpoint: "https://store.example" }, false],
  ["a blob by another resource group", azurerm, { ...azurerm, resourceGroupName: "h" }, true],
  ["another container", azurerm, { ...azurerm, containerName: "d" }, false],
  ["an address with other locks", http, { ...http, lockAddress: "https://state.example/lock" }, true],
  ["another address", http, { ...http, address: "https://state.example/b" }, false],
  ["another kind", { type: "pg", schemaName: "a" }, { type: "gcs", bucket: "a", prefix: "a" }, false],
])("two states are the same by where they are kept: %s", (_what, one, other, same) => {
  const both = () =>
    resolveEnvironments([
      { ...MINIMAL, state: one },
      { ...OTHER, state: other },
    ]);
  if (same) expect(both).toThrow("have the same state");
  else expect(both).not.toThrow();
});

test("two environments may have one service when both say so", () => {
  const sharing = (...says: (boolean | undefined)[]) => {
    const [one, other] = says.map((sharesService) => ({ name: "a", serviceId, sharesService }));
    return () =>
      resolveEnvironments([
        { ...MINIMAL, backend: one ?? OTHER.backend },
        { ...OTHER, backend: other ?? OTHER.backend },
      ]);
  };
  expect(sharing(true, true)).not.toThrow();
  for (const says of [
    [true, undefined],
    [undefined, true],
    [true, false],
  ]) {
    expect(sharing(...says)).toThrow("If that is meant, set sharesService: true of it in both.");
  }
});

test("a file that is not in the list is named, one that describes nothing is not", () => {
  const directory = mkdtempSync(join(tmpdir(), "environments-"));
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  write("list.ts", 'import { production } from "./production.ts";\n');
  write("production.ts", "export const production = defineEnvironment({});");
  write("helper.ts", "export const regions = [];");
  expect(() => refuseUnlisted(directory)).not.toThrow();
  write("qa.ts", "export const qa = defineEnvironment({});");
  expect(() => refuseUnlisted(directory)).toThrow(
    "Not in the list of environments: environments/qa.ts. Add it to ENVIRONMENTS in environments/list.ts",
  );
  rmSync(directory, { recursive: true });
  refuseUnlisted(ENVIRONMENTS_DIRECTORY);
});

test("a mistake in one environment does not stop a command about another one", () => {
  const wrong = { ...OTHER, checks: { deadlineSeconds: 1 } };
  expect(resolveEnvironment("test", [MINIMAL, wrong]).name).toBe("test");
  expect(() => resolveEnvironment("other", [MINIMAL, wrong])).toThrow("`checks.deadlineSeconds` must be at least 10");
  expect(() => resolveEnvironments([MINIMAL, wrong])).toThrow('The environment "other" is not valid');
});

test("an unknown environment is refused with the nearest one", () => {
  expect(() => resolveEnvironment("prodution", ENVIRONMENTS)).toThrow(
    'The environment must be one of production, staging, local, got: "prodution". Did you mean "production"?',
  );
});

/** What people get wrong, and the line that they read. Typed loosely, since the types would already refuse much. */
test.each<[string, Record<string, unknown>, string]>([
  ["name", { name: "Prod" }, '`name` must be lower-case letters, digits and -, beginning with a letter, got: "Prod".'],
  ["no name", { name: undefined }, "`name` is missing."],
  ["no redis", { redis: undefined }, "`redis` is missing."],
  ["redis of another type", { redis: "standard" }, '`redis` must be of type object, got: "standard".'],
  [
    "no plan",
    { redis: { name: "a", region: "oregon" } },
    "`redis.plan` must be one of free, starter, standard, 3g, pro, pro_plus, 20g, 40g, 50g, got: nothing.",
  ],
  ["plan", { redis: { name: "a", region: "oregon", plan: "standrad" } }, 'got: "standrad". Did you mean "standard"?'],
  [
    "region",
    { redis: { name: "a", region: "oregano", plan: "pro" } },
    '`redis.region` must be one of frankfurt, ohio, oregon, singapore, virginia, got: "oregano". Did you mean "oregon"?',
  ],
  ["no region", { redis: { name: "a", plan: "pro" } }, "`redis.region` is missing."],
  [
    "plan and memory",
    { redis: { name: "a", region: "oregon", plan: "free", memory: "1 GB" } },
    "`redis.plan` must agree with the memory: free (25 MB, 50 connections, $0 a month) has no 1 GB",
  ],
  [
    "memory",
    { redis: { name: "a", region: "oregon", memory: "1 TB" } },
    '`redis.memory` must be a size such as "256 MB" or "1 GB", got: "1 TB".',
  ],
  [
    "too much memory",
    { redis: { name: "a", region: "oregon", memory: "11 GB" } },
    "`redis.memory` must be at most 10 GB without a custom plan",
  ],
  [
    "policy",
    { redis: { name: "a", region: "oregon", plan: "pro", evictionPolicy: "never" } },
    "`redis.evictionPolicy` must be one of noeviction, allkeys_lfu",
  ],
  [
    "persistence",
    { redis: { name: "a", region: "oregon", plan: "free", persistence: "snapshot" } },
    "`redis.persistence` must be off on plan free",
  ],
  [
    "unknown field",
    { redis: { name: "a", region: "oregon", plan: "pro", evictonPolicy: "noevict" } },
    '`redis.evictonPolicy` is not a field. Did you mean "evictionPolicy"?',
  ],
  ["unknown part", { cheks: {} }, '`cheks` is not a field. Did you mean "checks"?'],
  [
    "allow list without mask",
    {
      redis: { name: "a", region: "oregon", plan: "pro", ipAllowList: [{ cidrBlock: "192.0.2.7", description: "x" }] },
    },
    '`redis.ipAllowList.0.cidrBlock` must be a CIDR block such as "203.0.113.7/32", got: "192.0.2.7". Did you mean "192.0.2.7/32"?',
  ],
  [
    "service id",
    { backend: { name: "a", serviceId: "srv-1" } },
    '`backend.serviceId` must be a service\'s id: "srv-", or "crn-" of a cron job, and 20 letters or digits, got: "srv-1".',
  ],
  [
    "variable's name",
    { backend: { name: "a", env: { "A-B": "1" } } },
    '`backend.env.A-B` must be a variable\'s name of letters, digits and _, got: "A-B".',
  ],
  ["empty variable", { backend: { name: "a", env: { A: "" } } }, "`backend.env.A` must be a text, and not empty"],
  [
    "own REDIS_URL",
    { backend: { name: "a", env: { REDIS_URL: "redis://x" } } },
    "`backend.uses.REDIS_URL` must not be in `env`, too: it is built from the instance. Remove it there.",
  ],
  ["deadline", { checks: { deadlineSeconds: 1 } }, "`checks.deadlineSeconds` must be at least 10, got: 1."],
  [
    "too late a deadline",
    { checks: { deadlineSeconds: 3601 } },
    "`checks.deadlineSeconds` must be at most 3600, got: 3601.",
  ],
  ["no state", { state: undefined }, "`state` is missing."],
  [
    "exception without a reason",
    { exceptions: [{ rule: "production-paid", reason: "because" }] },
    '`exceptions.0.reason` must be a reason of at least 10 characters, got: "because".',
  ],
  [
    "exception without a rule",
    { exceptions: [{ rule: "Not a rule", reason: "It does not fit us." }] },
    "`exceptions.0.rule` must be a rule's id",
  ],
  [
    "backend's region",
    { backend: { name: "a", region: "oregano" } },
    '`backend.region` must be one of frankfurt, ohio, oregon, singapore, virginia, got: "oregano". Did you mean "oregon"?',
  ],
  [
    "kind of state",
    { state: { type: "locl" } },
    '`state.type` must be one of local, s3, gcs, azurerm, pg, http, hcp, got: "locl". Did you mean "local"?',
  ],
  [
    "absolute state",
    { state: { type: "local", path: "/var/x.tfstate" } },
    "`state.path` must be relative to the repository",
  ],
  [
    "state in cdktf.out",
    { state: { type: "local", path: "cdktf.out/x.tfstate" } },
    "`state.path` must be inside the repository and outside cdktf.out",
  ],
  [
    "state with a password",
    { state: { type: "http", address: "https://a:secret@b.example" } },
    "`state.address` must not hold a user name or password. Set TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
  ],
  [
    "credentials in the state",
    { state: { type: "pg", schemaName: "a", connStr: "postgres://a:secret@b" } },
    "`state.connStr` is not a field. Remove it.",
  ],
])("%s: the message names the field, what is allowed, and the value", (_what, change, line) => {
  const input: unknown = { ...MINIMAL, ...change };
  const define = (): unknown => Reflect.apply(parseEnvironment, undefined, [input]);
  expect(define).toThrow("is not valid:\n  `");
  expect(define).toThrow(line);
  expect(define).not.toThrow("secret@");
});

test.each([undefined, null, { name: 1 }])("%o is no environment, and has no name", (input) => {
  expect(() => Reflect.apply(parseEnvironment, undefined, [input])).toThrow('The environment "?" is not valid:\n  ');
});

const inRedis = (field: string) => (value: unknown) => ({ redis: { ...MINIMAL.redis, [field]: value } });
const inBackend = (field: string) => (value: unknown) => ({ backend: { ...MINIMAL.backend, [field]: value } });
const ID = "d00000000000000000a0";
const REASON = { rule: "production-paid", reason: "1234567890" };

/** What is just allowed, and what just is not. */
test.each<[string, (value: unknown) => object, right: unknown[], wrong: unknown[]]>([
  [
    "name",
    (name) => ({ name }),
    ["a", `a${"b".repeat(38)}`, "a-1"],
    ["", "1a", "-a", `a${"b".repeat(39)}`, "a_b", "aB"],
  ],
  ["redis.name", inRedis("name"), ["a", "a b", "x".repeat(100)], ["", " a", "a ", "x".repeat(101)]],
  ["redis.environmentId", inRedis("environmentId"), [`evm-${ID}`], [`evm-${ID}0`, `xevm-${ID}`, "evm-"]],
  ["backend.name", inBackend("name"), ["x"], ["", " "]],
  [
    "backend.serviceId",
    inBackend("serviceId"),
    [`srv-${ID}`, `crn-${ID}`],
    [`srv-${ID}0`, `red-${ID}`, `xsrv-${ID}`, `srv-${ID.toUpperCase()}`],
  ],
  [
    "backend.healthPath",
    inBackend("healthPath"),
    ["/", "/a/b", "/@a", "https://example.com", "https://example.com/a", "http://127.0.0.1:1/a"],
    [
      "",
      "a",
      "a/b",
      "/a b",
      "/a?b",
      "/a#b",
      "//other.host/x",
      "/\\other.host/x",
      "/\t/other.host",
      "///a",
      "https://",
      "https:///a",
      "https://a:b@c/d",
      "https://a@c/d",
      "https://a/b?c",
      "https://a:99999/",
      "ftp://a/b",
      "https:\\\\a",
    ],
  ],
  ["backend.drainCommand", inBackend("drainCommand"), ["x"], ["", " "]],
  ["backend.rollOutSeconds", inBackend("rollOutSeconds"), [10, 3600], [9, 3601, 10.5]],
  ["backend.env", inBackend("env"), [{ _A1: " " }, { a: "\n" }], [{ "1A": "x" }, { "A ": "x" }, { A: "" }, { A: 1 }]],
  ["checks.deadlineSeconds", (deadlineSeconds) => ({ checks: { deadlineSeconds } }), [10, 3600], [9, 3601, 10.5]],
  ["exceptions.0.rule", (rule) => ({ exceptions: [{ ...REASON, rule }] }), ["a-b"], ["", "A", "a1", "1a"]],
  [
    "exceptions.0.reason",
    (reason) => ({ exceptions: [{ ...REASON, reason }] }),
    ["1234567890"],
    ["123456789", " 123456789"],
  ],
  [
    "state.path",
    (path) => ({ state: { type: "local", path } }),
    ["a", "a/b..c", "ab:/c", "cdktf.outer/a"],
    ["", "/a", "\\a", "C:a", "c:/a", "../a", "a/..", "a\\..\\b", "a/cdktf.out/b"],
  ],
  [
    "state.address",
    (address) => ({ state: { type: "http", address } }),
    ["http://a.example", "https://a.example/b"],
    ["a.example", "ftp://a.example", "xhttps://a.example", "httpsx://a.example", "https://a@b.example"],
  ],
])("%s: what is just allowed, and what is not", (field, change, right, wrong) => {
  const parsed = (value: unknown) => () => {
    const input: unknown = { ...MINIMAL, ...change(value) };
    Reflect.apply(parseEnvironment, undefined, [input]);
  };
  for (const value of right) expect(parsed(value), JSON.stringify(value)).not.toThrow();
  for (const value of wrong) expect(parsed(value), JSON.stringify(value)).toThrow(`  \`${field}`);
});

test("what there is not does not compile, so that an editor offers what there is", () => {
  const inputs: ShortEnvironment[] = [
    // @ts-expect-error a region
    { ...MINIMAL, redis: { ...MINIMAL.redis, region: "oregn" } },
    // @ts-expect-error a plan
    { ...MINIMAL, redis: { ...MINIMAL.redis, plan: "standrad" } },
    // @ts-expect-error an eviction policy
    { ...MINIMAL, redis: { ...MINIMAL.redis, evictionPolicy: "allkeys" } },
    // @ts-expect-error a persistence mode
    { ...MINIMAL, redis: { ...MINIMAL.redis, persistence: "journal" } },
    // @ts-expect-error a size of memory
    { ...MINIMAL, redis: { ...MINIMAL.redis, memory: "1 TB" } },
    // @ts-expect-error a field of a service
    { ...MINIMAL, backend: { ...MINIMAL.backend, healthpath: "/health" } },
  ];
  for (const input of inputs) expect(() => parseEnvironment(input)).toThrow("is not valid");
});

test("all mistakes are told at once", () => {
  const input: ShortEnvironment = { ...MINIMAL, name: "X", backend: { name: "", serviceId: "srv" } };
  expect(() => parseEnvironment(input)).toThrow(/`name`.*\n.*`backend.name`.*\n.*`backend.serviceId`/);
});

test("whatever stands in a file, the mistakes are told in lines that a person can read", () => {
  const fields = [
    ...["name", "redis", "redis.name", "redis.region", "redis.plan", "redis.memory", "redis.ipAllowList", "backend"],
    ...[
      "backend.env",
      "backend.healthPath",
      "backend.serviceId",
      "state",
      "state.type",
      "checks",
      "exceptions",
      "extra",
    ],
  ];
  const strange = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withSparseArray: true, withMap: true }),
    fc.constant("x".repeat(100_000)),
    fc.constantFrom<unknown>(Symbol("s"), () => 1, Number.NaN, loop),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...fields), strange), { maxLength: 3 }), (changes) => {
      const input = structuredClone(MINIMAL);
      for (const [path, value] of changes) {
        const [field = "", inner] = path.split(".");
        const holder: unknown = inner === undefined ? input : Reflect.get(input, field);
        if (typeof holder === "object" && holder !== null) Reflect.set(holder, inner ?? field, value);
      }
      try {
        parseEnvironment(input);
      } catch (error) {
        expect(error).toBeInstanceOf(Stop);
        const lines = String(error).split("\n");
        expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(1_500);
      }
    }),
    { numRuns: 100 },
  );
});

/** An object that holds itself, which JSON cannot say. */
const loop: Record<string, unknown> = {};
loop.loop = loop;
