import { describe, expect, test } from "vitest";
import { allChecks } from "../../../checks/catalogue/all-checks.ts";
import { queue } from "../../../checks/catalogue/behaviour.ts";
import { judge, type Situation } from "../support/judge.ts";

type Row = readonly [what: string, situation: Situation, status: string, actual?: string | RegExp];

const MB = 1024 ** 2;
const bytes = (share: number) => String(Math.ceil(share * 256 * MB));
const days = (number: number) => new Date(Date.now() + number * 24 * 3_600_000 + 60_000).toISOString();
const latencies = (...latenciesMs: number[]) => ({ core: { latenciesMs } });
const unreachable = (failure?: "REFUSED" | "NO_TLS" | "NOT_ALLOWED" | "CERTIFICATE_NAME"): Situation => ({
  look: {
    vantage: "external",
    passedOver: [],
    obstacle: { reason: "no way", remedy: "go there", ...(failure === undefined ? {} : { failure }) },
  },
});
const filled = { canary: { failure: "OOM" }, created: 3, grown: 2, alive: 3, evicted: 0 } as const;
const proof = (differences: object): Situation => ({
  prove: "by hand",
  observation: { proof: { ...filled, ...differences } },
});

const CACHE = { role: "cache", evictionPolicy: "allkeys_lru" } as const;
const volatile = (evictionPolicy: "volatile_ttl" | "volatile_lru", share = 1): Situation => ({
  expected: { role: "cache", evictionPolicy },
  info: { used_memory: bytes(share) },
  core: {
    write: { value: "v", set: { reply: "OK" }, get: { reply: null }, ttl: { reply: -2 }, deleted: { reply: 0 } },
  },
});

/** Every limit from both sides, and every field that matters. */
const TABLE: Readonly<Record<string, readonly Row[]>> = {
  identity: [
    ["all as it should be", {}, "pass"],
    ["another name", { instance: { name: "other" } }, "fail", "name other"],
    ["another region", { instance: { region: "ohio" } }, "fail", "region ohio"],
    ["another plan", { instance: { plan: "standard" } }, "fail", "plan standard"],
    ["the plan's newer name", { instance: { plan: "256mb" } }, "pass"],
    ["a plan that nobody knows", { instance: { plan: "galactic" } }, "fail", "plan galactic"],
    ["a plan by contract", { expected: { plan: "Custom-7" }, instance: { plan: "custom" } }, "pass"],
    [
      "another policy and persistence",
      { instance: { options: { maxmemoryPolicy: "allkeys_lru", persistenceMode: "off" } } },
      "fail",
      "eviction policy allkeys_lru, persistence off",
    ],
  ],
  ping: [
    ["inside, good", { vantage: "inside", ...latencies(1, 1, 1) }, "pass", /1\.0 ms \(good/],
    ["inside, workable", { vantage: "inside", ...latencies(9, 10, 10) }, "pass", /10\.0 ms \(workable/],
    ["inside, slow", { vantage: "inside", ...latencies(50, 50) }, "pass", /50\.0 ms \(slow/],
    ["inside, too slow", { vantage: "inside", ...latencies(51, 51) }, "warn", /51\.0 ms/],
    ["outside, the same is good", latencies(50, 50), "pass", /good/],
    ["outside, too slow", latencies(401), "warn", /401/],
    ["one slow answer among many", { vantage: "inside", ...latencies(1, 900, 1) }, "pass", /good; median of 3/],
    ["no PONG", { core: { ping: { reply: "PANG" } } }, "fail", "another reply"],
    ["refused", { core: { ping: { failure: "NOPERM" } } }, "fail", /NOPERM/],
    ["the connection broke after PONG", latencies(), "pass", /broke/],
    ["nobody could connect", unreachable("REFUSED"), "fail", "no way"],
    ["nobody was let in", unreachable("NOT_ALLOWED"), "unknown"],
    ["nobody logged in", unreachable("NO_TLS"), "unknown"],
    ["nobody tried", unreachable(), "unknown"],
  ],
  tls: [
    ["plenty of days", {}, "pass", /^TLSv1\.3, certificate verified, 59 days left|60 days left/],
    ["15 days", { core: { tls: { protocol: "TLSv1.3", validTo: days(15) } } }, "pass"],
    ["14 days", { core: { tls: { protocol: "TLSv1.3", validTo: days(14) } } }, "warn", /14 days/],
    ["none", { core: { tls: undefined } }, "fail", "no TLS"],
    ["inside", { vantage: "inside" }, "skip"],
    ["a wrong certificate", unreachable("CERTIFICATE_NAME"), "fail"],
    ["none, so that nobody logged in", unreachable("NO_TLS"), "fail"],
    ["nobody could connect", unreachable("REFUSED"), "unknown"],
  ],
  auth: [
    ["refused", {}, "pass", "refused (NOAUTH)"],
    ["let in", { observation: { stranger: { reply: "PONG" } } }, "fail", "let in"],
    ["no answer", { observation: { stranger: { failure: "TIMEOUT" } } }, "unknown"],
    ["not tried", { observation: { stranger: undefined } }, "unknown"],
    ["inside, no password due", { vantage: "inside" }, "skip"],
    ["inside, a password due", { vantage: "inside", expected: { internalAuthentication: true } }, "pass"],
    [
      "inside, a password due, let in",
      {
        vantage: "inside",
        expected: { internalAuthentication: true },
        observation: { stranger: { reply: "PONG" } },
      },
      "fail",
    ],
  ],
  exposure: [
    ["as it should be", {}, "pass", "127.0.0.1/32"],
    ["nobody, as it should be", { expected: { ipAllowList: [] }, instance: { ipAllowList: null } }, "pass", "nobody"],
    ["one too many", { expected: { ipAllowList: [] } }, "fail", "127.0.0.1/32"],
    ...(
      [
        [["203.0.113.77/24"], ["203.0.113.0/24"], "pass"],
        [["2001:DB8::1/32"], ["2001:db8::/32"], "pass"],
        [["203.0.113.0/24"], ["::ffff:203.0.113.0/120"], "pass"],
        [["203.0.113.0/25", "203.0.113.128/25"], ["203.0.113.0/24"], "pass"],
        [["203.0.113.77/24"], ["203.0.113.77/32"], "fail"],
        [["203.0.113.0/24", "203.0.113.7/32"], ["203.0.113.0/24"], "pass"],
        [["203.0.113.0/24"], ["203.0.113.0/24", "198.51.100.1/32"], "fail"],
      ] as const
    ).map(([wanted, shown, status]): Row => {
      const list = (texts: readonly string[]) => texts.map((cidrBlock) => ({ cidrBlock, description: "x" }));
      const lists = { expected: { ipAllowList: list(wanted) }, instance: { ipAllowList: list(shown) } };
      return [`${wanted} shown as ${shown}`, lists, status];
    }),
    ["one missing", { instance: { ipAllowList: null } }, "fail", "nobody"],
    ...(["production", "staging"] as const).map((environment): Row => {
      const ipAllowList = [{ cidrBlock: "0.0.0.0/0", description: "everyone" }];
      const status = environment === "production" ? "fail" : "warn";
      return [`open in ${environment}`, { expected: { environment, ipAllowList }, instance: { ipAllowList } }, status];
    }),
    ...(["0.0.0.0/1", "::/0"] as const).map((cidrBlock): Row => {
      const ipAllowList = [{ cidrBlock, description: "half" }];
      return [cidrBlock, { expected: { environment: "production", ipAllowList }, instance: { ipAllowList } }, "fail"];
    }),
  ],
  "read-write": [
    ["all well", {}, "pass"],
    ["a full cache evicts what expires first", volatile("volatile_ttl"), "pass", /evicted at once by volatile-ttl/],
    ["a full cache has nothing else to evict", volatile("volatile_lru"), "warn", /evicted at once by volatile-lru/],
    ["a cache with room keeps nothing", volatile("volatile_ttl", 0.5), "fail", "GET gave another answer"],
    ...(["set", "get", "ttl", "deleted"] as const).flatMap((step): Row[] => {
      const write = { value: "v", set: { reply: "OK" }, get: { reply: "v" }, ttl: { reply: 9 }, deleted: { reply: 1 } };
      return [
        [`${step} refused`, { core: { write: { ...write, [step]: { failure: "READONLY" } } } }, "fail", /READONLY/],
        [`${step} wrong`, { core: { write: { ...write, [step]: { reply: -1 } } } }, "fail", /another answer/],
        [`${step} not answered`, { core: { write: { ...write, [step]: { failure: "CLOSED" } } } }, "unknown"],
      ];
    }),
  ],
  "eviction-policy": [
    ["a cache", { expected: CACHE }, "fail"],
    ["all the same", {}, "pass", "noeviction (API), noeviction (INFO)"],
    ["CONFIG too", { core: { configuredPolicy: { reply: "noeviction" } } }, "pass", /noeviction \(CONFIG\)/],
    ["CONFIG differs", { core: { configuredPolicy: { reply: "allkeys-lru" } } }, "fail", /allkeys-lru \(CONFIG\)/],
    ["INFO differs", { info: { maxmemory_policy: "allkeys-lru" } }, "fail", /allkeys-lru \(INFO\)/],
    ["INFO is empty", { info: { maxmemory_policy: "" } }, "unknown"],
    ["INFO lacks it", { info: { maxmemory_policy: undefined } }, "unknown"],
    ["INFO is refused", { core: { info: { failure: "NOPERM" } } }, "unknown"],
    [
      "INFO is refused and the API differs",
      {
        core: { info: { failure: "NOPERM" } },
        instance: { options: { maxmemoryPolicy: "allkeys_lru", persistenceMode: "off" } },
      },
      "fail",
      "allkeys-lru (API)",
    ],
    [
      "the API differs",
      { instance: { options: { maxmemoryPolicy: "allkeys_lru", persistenceMode: "off" } } },
      "fail",
      /^allkeys-lru \(API\), noeviction/,
    ],
    [
      "the environment differs",
      { expected: { evictionPolicy: "volatile_ttl" } },
      "fail",
      "noeviction (API), noeviction (INFO)",
    ],
    [
      "hyphens and underscores",
      {
        expected: { evictionPolicy: "volatile_ttl" },
        info: { maxmemory_policy: "volatile-ttl" },
        instance: { options: { maxmemoryPolicy: "volatile_ttl", persistenceMode: "off" } },
      },
      "pass",
    ],
    ["nobody could connect", unreachable("REFUSED"), "unknown"],
  ],
  "eviction-proof": [
    ["nobody asked for it", {}, "skip"],
    ["the environment evicts", { prove: "by hand", expected: { evictionPolicy: "allkeys_lru" } }, "skip"],
    ["refused, nothing lost", proof({}), "pass"],
    ["something evicted", proof({ evicted: 1 }), "fail"],
    ["a key gone", proof({ alive: 2 }), "fail"],
    ["accepted", proof({ canary: { reply: "OK" } }), "unknown"],
    ["refused, but nothing ever grew", proof({ grown: 0 }), "unknown"],
    [
      "not empty, in a deploy",
      { prove: "in a deploy", observation: { proof: { refused: "the instance is not empty" } } },
      "skip",
    ],
    ["not empty", { prove: "by hand", observation: { proof: { refused: "the instance is not empty" } } }, "unknown"],
    ["broken off", { prove: "by hand", observation: { proof: { failure: "CLOSED" } } }, "unknown"],
  ],
  "memory-limit": [
    ["the plan's", { info: { maxmemory: bytes(1) } }, "pass", "256 MB"],
    ["the least", { info: { maxmemory: bytes(0.75) } }, "pass"],
    ["too little", { info: { maxmemory: bytes(0.74) } }, "fail"],
    ["the most", { info: { maxmemory: bytes(1.0499) } }, "pass"],
    ["too much", { info: { maxmemory: bytes(1.06) } }, "fail"],
    ["none", { info: { maxmemory: "0" } }, "fail", "no limit (maxmemory 0)"],
    ["a plan by contract", { expected: { plan: "Custom-7" } }, "pass"],
    ["a plan by contract without a limit", { expected: { plan: "Custom-7" }, info: { maxmemory: "0" } }, "fail"],
    ["missing", { info: { maxmemory: undefined } }, "unknown"],
    ["no number", { info: { maxmemory: "" } }, "unknown"],
    ["a number and more", { info: { maxmemory: "268435456kb" } }, "unknown"],
  ],
  "memory-headroom": [
    ["little used", {}, "pass"],
    ["just below 70 %", { info: { used_memory: bytes(0.699) } }, "pass"],
    ["70 %", { info: { used_memory: bytes(0.7) } }, "warn", /^70\.0 % used/],
    ["just below 80 %", { info: { used_memory: bytes(0.799) } }, "warn"],
    ["80 %", { info: { used_memory: bytes(0.8) } }, "fail", /^80\.0 % used/],
    ["no limit", { info: { maxmemory: "0" } }, "unknown"],
    ["a full cache", { info: { used_memory: bytes(1) }, expected: CACHE }, "pass", /^100\.0 % used/],
    ["a full cache that refuses writes", { info: { used_memory: bytes(1) }, expected: { role: "cache" } }, "fail"],
    [
      "a cache full of clients' buffers",
      { info: { used_memory: bytes(0.96), mem_clients_normal: bytes(0.95) }, expected: CACHE },
      "warn",
    ],
    ["a queue that evicts", { info: { used_memory: bytes(1) }, expected: { evictionPolicy: "allkeys_lru" } }, "fail"],
    ["jobs", { info: { used_memory: bytes(0.95), mem_clients_normal: bytes(0.1) } }, "fail", /of 256 MB\)$/],
    [
      "clients' buffers",
      { info: { used_memory: bytes(0.96), mem_clients_normal: bytes(0.95) } },
      "fail",
      /243\.2 MB by clients' buffers\)$/,
    ],
  ],
  evictions: [
    ["none", {}, "pass"],
    ["a key", { info: { evicted_keys: "1" } }, "fail", "1 keys, 0 clients in 60 s of uptime"],
    ["a client", { info: { evicted_clients: "1" } }, "warn", "0 keys, 1 clients in 60 s of uptime"],
    [
      "a key of a cache",
      { info: { evicted_keys: "9", keyspace_hits: "3", keyspace_misses: "1" }, expected: CACHE },
      "pass",
      "9 keys, 0 clients in 60 s of uptime, 75.0 % of 4 reads were hits",
    ],
    [
      "a new cache",
      { info: { keyspace_hits: "0", keyspace_misses: "0" }, expected: CACHE },
      "pass",
      /nothing read yet$/,
    ],
    ["a cache that counts no hits", { expected: CACHE }, "pass", /INFO does not count hits$/],
    ["a key of a cache that never evicts", { info: { evicted_keys: "9" }, expected: { role: "cache" } }, "fail"],
    [
      "a key of a queue that evicts",
      { info: { evicted_keys: "9" }, expected: { evictionPolicy: "allkeys_lru" } },
      "fail",
    ],
    ["a client of a cache", { info: { evicted_clients: "9" }, expected: CACHE }, "warn"],
    ["up for days", { info: { evicted_keys: "2", uptime_in_seconds: "864000" } }, "fail", /in 10 days/],
    ["long up", { info: { evicted_keys: "2", uptime_in_seconds: "7200" } }, "fail", /in 2\.0 h/],
    ["an old server", { info: { evicted_clients: undefined } }, "pass"],
  ],
  connections: [
    ["few", {}, "pass", "1 of 200, 0 rejected in 60 s of uptime"],
    [
      "362 of 5,000",
      { info: { connected_clients: "362", maxclients: "5000" }, expected: { plan: "pro" } },
      "pass",
      /^362 of 5000/,
    ],
    ["70 % of a small limit", { info: { connected_clients: "35", maxclients: "50" } }, "warn"],
    ["just below", { info: { connected_clients: "34", maxclients: "50" } }, "pass"],
    // Of the limits that are told of the plan, 250 and 200, only the lower is sure.
    ["90 %", { info: { connected_clients: "180" } }, "fail"],
    ["just below 90 %", { info: { connected_clients: "179" } }, "warn"],
    ["the plan's limit is lower", { info: { connected_clients: "180", maxclients: "10000" } }, "fail"],
    ["no limit known", { info: { maxclients: undefined }, expected: { plan: "Custom-7" } }, "unknown"],
    ["no limit known of a named plan", { info: { maxclients: undefined }, expected: { plan: "40g" } }, "unknown"],
    ["only the server's limit known", { info: { maxclients: "60" }, expected: { plan: "40g" } }, "pass", /^1 of 60/],
    ["only the plan's limit known", { info: { maxclients: undefined } }, "pass", /^1 of 200, 0 rejected/],
    ["rejected in the first minute", { info: { rejected_connections: "1" } }, "warn"],
    ["rejected a year ago", { info: { rejected_connections: "1", uptime_in_seconds: "31536000" } }, "pass"],
    [
      "rejected every day",
      { info: { rejected_connections: "365", uptime_in_seconds: "31536000" } },
      "warn",
      /365 days/,
    ],
  ],
  persistence: [
    ["journal", {}, "pass"],
    ["journal missing", { info: { aof_enabled: "0" } }, "fail", /journal off/],
    ["journal not written", { info: { aof_last_write_status: "err" } }, "fail", /aof_last_write_status err/],
    ["journal not rewritten", { info: { aof_last_bgrewrite_status: "err" } }, "fail"],
    ["snapshot not written", { info: { rdb_last_bgsave_status: "err" } }, "fail"],
    ["the API differs", { instance: { options: { maxmemoryPolicy: "noeviction", persistenceMode: "off" } } }, "fail"],
    ...(["snapshot", "off"] as const).flatMap((persistence): Row[] => {
      const at = {
        expected: { persistence },
        instance: { options: { maxmemoryPolicy: "x", persistenceMode: persistence } },
      };
      return [
        [`${persistence}, journal off`, { ...at, info: { aof_enabled: "0" } }, "pass"],
        [`${persistence}, journal on`, at, "fail"],
        [
          `${persistence}, nothing ever saved`,
          { ...at, info: { aof_enabled: "0", rdb_last_save_time: "1790000001", rdb_changes_since_last_save: "12" } },
          persistence === "off" ? "pass" : "warn",
          persistence === "off" ? /^off/ : /no snapshot since the start 0\.0 h ago, 12 changes since$/,
        ],
        [
          `${persistence}, saved two days ago`,
          {
            ...at,
            info: {
              ...{ aof_enabled: "0", uptime_in_seconds: "1000000" },
              ...{ rdb_last_save_time: String(1_790_000_060 - 2 * 86_400), rdb_changes_since_last_save: "5" },
            },
          },
          persistence === "off" ? "pass" : "warn",
          persistence === "off" ? /^off/ : /last snapshot 48\.0 h ago, 5 changes since$/,
        ],
        [
          `${persistence}, INFO without the last save`,
          { ...at, info: { aof_enabled: "0", rdb_last_save_time: undefined } },
          persistence === "off" ? "pass" : "warn",
        ],
        [
          `${persistence}, snapshot not written`,
          { ...at, info: { aof_enabled: "0", rdb_last_bgsave_status: "err" } },
          persistence === "off" ? "pass" : "fail",
        ],
      ];
    }),
  ],
  role: [
    ["primary", {}, "pass"],
    ["replica", { info: { role: "slave" } }, "fail", "slave"],
  ],
  loading: [
    ["loaded", {}, "pass"],
    ["loading", { info: { loading: "1" } }, "fail"],
  ],
  version: [
    [
      "new enough for RQ",
      { info: { valkey_version: undefined, redis_version: "6.0.16" }, expected: { queues: ["rq"] } },
      "pass",
    ],
    [
      "for Sidekiq",
      { info: { valkey_version: undefined, redis_version: "6.0.16" }, expected: { queues: ["sidekiq"] } },
      "fail",
    ],
    ["for a cache", { info: { valkey_version: undefined, redis_version: "3.2.0" }, expected: CACHE }, "pass"],
    ["Valkey's own number", {}, "pass", "Valkey 8.1.4"],
    ["any Valkey", { info: { valkey_version: "1.0.0" } }, "pass", "Valkey 1.0.0"],
    ["Redis 7.0", { info: { valkey_version: undefined, redis_version: "7.0.15" } }, "pass", "Redis 7.0.15"],
    ["Redis 6.2", { info: { valkey_version: undefined, redis_version: "6.2.0" } }, "pass"],
    ["Redis 6.0", { info: { valkey_version: undefined, redis_version: "6.0.16" } }, "warn"],
    ["Redis 4", { info: { valkey_version: undefined, redis_version: "4.0.9" } }, "fail"],
    ["no number", { info: { valkey_version: undefined, redis_version: "new" } }, "unknown"],
  ],
  "pub-sub": [
    ["a cache", { expected: CACHE }, "skip"],
    ["it arrives", {}, "pass"],
    ["refused", { observation: { pubSub: { delivered: { failure: "NOPERM" } } } }, "fail", /NOPERM/],
    ["lost", { observation: { pubSub: { delivered: { failure: "TIMEOUT" } } } }, "fail"],
    ["a script runs", { observation: { pubSub: { delivered: { failure: "BUSY" } } } }, "unknown"],
  ],
  queue: [
    ["a cache", { expected: CACHE }, "skip"],
    ["no library named", { expected: { queues: [] } }, "skip"],
    ["celery", { expected: { queues: ["celery"] } }, "pass", "all allowed"],
    [
      "what one of them sends is refused",
      {
        expected: { queues: ["rq", "dramatiq"] },
        observation: { queue: { commands: { command: "KEYS", failure: "NOPERM" } } },
      },
      "fail",
      /^KEYS \(dramatiq\): /,
    ],
    ["inside", { vantage: "inside" }, "pass"],
    [
      "the libraries work",
      {
        observation: {
          queue: { commands: { reply: "OK" }, libraries: [{ library: "Bull", outcome: { reply: "OK" } }] },
        },
      },
      "pass",
    ],
    [
      "a library fails",
      {
        observation: {
          queue: { commands: { reply: "OK" }, libraries: [{ library: "Bull", outcome: { failure: "OOM" } }] },
        },
      },
      "fail",
      /^Bull: .*\(OOM\)/,
    ],
    [
      "a command fails",
      { observation: { queue: { commands: { command: "BZPOPMIN", failure: "UNKNOWN_COMMAND" } } } },
      "fail",
      /^BZPOPMIN/,
    ],
    ["no answer", { observation: { queue: { commands: { command: "EVALSHA", failure: "TIMEOUT" } } } }, "unknown"],
    ["a script runs", { observation: { queue: { commands: { command: "EVALSHA", failure: "BUSY" } } } }, "unknown"],
    ["inside a cluster", { vantage: "inside", info: { cluster_enabled: "1" } }, "fail", /cluster_enabled:1/],
    ["no cluster", { info: { cluster_enabled: "0" } }, "pass"],
    [
      "outside a cluster",
      {
        observation: {
          queue: { commands: { reply: "OK" }, libraries: [{ library: "Bull", outcome: { failure: "CROSSSLOT" } }] },
        },
      },
      "fail",
      /^Bull: it is a cluster.*\(CROSSSLOT\)/,
    ],
  ],
};

/** The service's checks judge something else than the Redis, and have tests of their own. */
const redisChecks = allChecks.filter(({ about }) => about === undefined);

describe.each(redisChecks.map((check) => [check.id, check] as const))("%s", (id, check) => {
  test.for(TABLE[id] ?? [])("%s", async ([, situation, status, actual]) => {
    const result = judge(check, situation);
    expect(result.status).toBe(status);
    if (actual !== undefined) {
      const evidence = "evidence" in result ? result.evidence?.actual : undefined;
      if (typeof actual === "string") expect(evidence).toBe(actual);
      else expect(evidence).toMatch(actual);
    }
    if (result.status !== "pass" && result.status !== "skip") expect(result.remedy).toMatch(/^\S.{5,}/);
  });

  test("has cases", () => {
    expect(TABLE[id]?.length ?? 0).toBeGreaterThan(1);
  });

  test("says nothing about a Redis that nobody could look at", async () => {
    const result = judge(check, { ...unreachable(), prove: "by hand" });
    const apiOnly = ["identity", "exposure"].includes(id);
    expect(result.status).toBe(apiOnly ? "pass" : "unknown");
  });

  test("says nothing when INFO is refused, unless it needs none", async () => {
    const result = judge(check, { core: { info: { failure: "NOPERM" } } });
    const needsNone = [
      "identity",
      "ping",
      "tls",
      "auth",
      "exposure",
      "read-write",
      "eviction-proof",
      "pub-sub",
      "queue",
    ];
    expect(result.status === "unknown").toBe(!needsNone.includes(id));
  });
});

test.each([
  ["outside, the libraries too", [{ library: "Bull", outcome: { reply: "OK" } }], "Bull, BullMQ and their commands"],
  ["inside, their commands", [], "the commands of Bull and BullMQ"],
] as const)("a queue is tried by %s", (_, libraries, source) => {
  const result = judge(queue, { observation: { queue: { commands: { reply: "OK" }, libraries: [...libraries] } } });
  expect(result).toMatchObject({ status: "pass", evidence: { source } });
});

test.each([
  ["connections", "below 70 % of the limit, less than one rejected a day"],
  ["memory-headroom", "below 70 % used"],
  ["persistence", "journal_snapshot (environment), journal on, no write failed"],
  ["eviction-policy", "noeviction (environment)"],
  ["ping", "PONG within 400 ms"],
])("%s says what it expects", (id, expected) => {
  const check = allChecks.find((candidate) => candidate.id === id);
  expect(check && judge(check)).toMatchObject({ status: "pass", evidence: { expected } });
});

test("what cannot be seen names what is missing", () => {
  const [check] = redisChecks.filter(({ id }) => id === "evictions");
  const result = check && judge(check, { info: { evicted_keys: undefined, uptime_in_seconds: "soon" } });
  expect(result).toMatchObject({ status: "unknown", reason: "INFO has no usable evicted_keys, uptime_in_seconds" });
});

test("the order of the reports is a contract", () => {
  expect(allChecks.map(({ id }) => id)).toEqual([
    ...["identity", "single-instance", "ping", "tls", "auth", "exposure", "read-write", "eviction-policy"],
    "eviction-proof",
    ...["memory-limit", "memory-headroom", "evictions", "connections", "persistence", "role", "loading", "version"],
    ...[
      "pub-sub",
      "queue",
      "backend-single-group",
      "backend-linked-alone",
      "backend-variables",
      "backend-deploy",
      "backend-health",
    ],
  ]);
});

test("ids are unique, and every check says what it proves", () => {
  expect(new Set(allChecks.map(({ id }) => id)).size).toBe(allChecks.length);
  for (const { id, title, proves } of allChecks) {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(title).toMatch(/^[A-Z]/);
    expect(proves).toMatch(/^[A-Z].*\.$/);
  }
});
