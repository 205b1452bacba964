import fc from "fast-check";
import { expect, test } from "vitest";
import { allChecks } from "../../../checks/catalogue/all-checks.ts";
import { FAILURE_KINDS } from "../../../redis/explanations.ts";
import { parseInfo } from "../../../redis/info.ts";
import { found, judge, situation } from "../support/judge.ts";

// What a server may say, and worse: no check throws, and none says more than a person reads.

const FIELDS = [
  ...[
    "redis_version",
    "valkey_version",
    "uptime_in_seconds",
    "connected_clients",
    "maxclients",
    "rejected_connections",
  ],
  ...["used_memory", "maxmemory", "maxmemory_policy", "mem_clients_normal", "evicted_keys", "evicted_clients", "role"],
  ...["aof_enabled", "aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status", "loading"],
  ...["rdb_last_save_time", "rdb_changes_since_last_save", "server_time_usec", "cluster_enabled", "db0", "__proto__"],
];

const value = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "1",
    "-1",
    "ok",
    "err",
    "master",
    "noeviction",
    "NaN",
    "1e9",
    "9".repeat(400),
    "x".repeat(9_999),
  ),
  fc.nat().map(String),
  fc.string({ unit: "binary" }),
);
const infoText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(fc.tuple(fc.constantFrom(...FIELDS), value))
    .map((all) => all.map((pair) => `${pair.join(":")}\r\n`).join("")),
);
const answer = fc.oneof(
  fc.record({ failure: fc.constantFrom(...FAILURE_KINDS) }),
  fc.record({ reply: fc.oneof(fc.constant(null), fc.double(), value, infoText) }),
);
const core = fc.record({
  ...{
    ping: answer,
    info: answer,
    configuredPolicy: answer,
    latenciesMs: fc.array(fc.double({ min: 0, noNaN: true })),
  },
  write: fc.record({ value, set: answer, get: answer, ttl: answer, deleted: answer }),
});
const count = fc.oneof(fc.nat(), fc.constant(Number.NaN));
const observation = fc.record({
  ...{ stranger: answer, pubSub: fc.record({ delivered: answer }) },
  queue: fc.record({
    commands: answer,
    libraries: fc.array(fc.record({ library: fc.constant("Bull" as const), outcome: answer })),
  }),
  proof: fc.oneof(
    fc.record({ refused: fc.string() }),
    fc.record({ canary: answer, created: count, grown: count, alive: count, evicted: count }),
  ),
});
const prove = fc.constantFrom("no", "by hand", "in a deploy");
const vantage = fc.constantFrom("inside", "external");
const expected = fc.record({ persistence: fc.constantFrom("snapshot", "off", "journal_snapshot") });

test.each(allChecks.map((check) => [check.id, check] as const))("%s judges whatever it is told", (_, check) => {
  fc.assert(
    fc.property(core, observation, prove, vantage, expected, (...[of, seen, proving, from, differences]) => {
      const context = situation({ core: of, observation: seen, prove: proving, vantage: from, expected: differences });
      expect(JSON.stringify(found(check, context)).length).toBeLessThan(4_000);
    }),
    { numRuns: 150 },
  );
});

test("INFO is read in time that grows with its length, and no value of it is long", () => {
  fc.assert(
    fc.property(infoText, (text) => {
      expect(Object.values(parseInfo(text)).every(({ length }) => length <= 100)).toBe(true);
    }),
  );
  expect(Object.keys(parseInfo("a:1\n".repeat(200_000)))).toEqual(["a"]);
  expect(parseInfo(":".repeat(1_000_000))[""]).toHaveLength(100);
});

test("a proof without a count of evicted keys proves nothing", () => {
  const check = allChecks.find(({ id }) => id === "eviction-proof");
  const proof = { canary: { failure: "OOM" as const }, created: 3, grown: 3, alive: 3, evicted: Number.NaN };
  expect(check && judge(check, { prove: "by hand", observation: { proof } })).toMatchObject({ status: "unknown" });
});
