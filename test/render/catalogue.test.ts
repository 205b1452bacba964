import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatMemorySize, parseMemorySize } from "../../render/memory-size.ts";
import {
  choosePersistence,
  choosePlan,
  describePlan,
  isDowngrade,
  PLANS,
  parsePlan,
  planFacts,
  smallestPlanWith,
} from "../../render/plans.ts";
import {
  EVICTION_POLICIES,
  PERSISTENCE_MODES,
  parseEvictionPolicy,
  parsePersistenceMode,
  parseRegion,
  REGIONS,
  redisSpelling,
} from "../../render/spellings.ts";

describe("plans", () => {
  test("the catalogue is Render's ladder: each plan has more of everything, and costs more", () => {
    for (const [index, plan] of PLANS.entries()) {
      const previous = PLANS[index - 1];
      if (previous === undefined) continue;
      expect(plan.memory).toBeGreaterThan(previous.memory);
      expect(plan.connections).toBeGreaterThan(previous.connections);
      expect(plan.price).toBeGreaterThan(previous.price);
    }
  });

  test.each([
    ["standard", "standard"],
    ["Standard", "standard"],
    ["pro plus", "pro_plus"],
    ["pro-plus", "pro_plus"],
    ["256mb", "starter"],
    ["1g", "standard"],
    ["CustomBig", "CustomBig"],
  ])("%s is %s", (text, plan) => {
    expect(parsePlan(text)).toBe(plan);
  });

  test.each(["", "standrad", "1 GB", "custom", "pro plus ultra"])("%o is refused with the list", (text) => {
    expect(() => parsePlan(text)).toThrow(
      `must be one of free, starter, standard, pro, pro_plus, Custom…, got: "${text}".`,
    );
  });

  test("the guide's figures are corrected: standard is 1 GB for $32, with 1,000 connections", () => {
    expect(describePlan("standard")).toBe("standard (1 GB, 1000 connections, $32 a month)");
    expect(describePlan("CustomBig")).toBe("CustomBig (size and price by contract)");
  });

  test.each([
    ["standard", "starter", true],
    ["starter", "standard", false],
    ["pro", "pro", false],
    ["CustomBig", "free", false],
  ] as const)("from %s to %s is a downgrade: %s", (from, to, downgrade) => {
    expect(isDowngrade(from, to)).toBe(downgrade);
  });

  test("memory alone picks the smallest plan that has it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 * 1024 ** 3 }), (bytes) => {
        const plan = smallestPlanWith(bytes);
        expect(plan?.memory).toBeGreaterThanOrEqual(bytes);
        const smaller = PLANS.filter((candidate) => candidate.memory < (plan?.memory ?? 0));
        for (const candidate of smaller) expect(candidate.memory).toBeLessThan(bytes);
      }),
    );
    expect(smallestPlanWith(10 * 1024 ** 3 + 1)).toBeUndefined();
  });

  test.each([
    ["pro", undefined, "pro"],
    [undefined, "25 MB", "free"],
    [undefined, "26 MB", "starter"],
    ["standard", "1024 MB", "standard"],
    ["CustomBig", "64 GB", "CustomBig"],
  ] as const)("plan %o and memory %o choose %s", (plan, memory, chosen) => {
    expect(choosePlan(plan, memory && parseMemorySize(memory))).toBe(chosen);
  });

  test.each([
    [undefined, undefined, "must be one of free, starter, standard, pro, pro_plus, got: nothing."],
    ["pro", "1 GB", 'For 1 GB take plan "standard", or leave one of the two out.'],
    [undefined, "11 GB", 'must be at most 10 GB without a custom plan, got: "11 GB".'],
  ] as const)("plan %o and memory %o are refused", (plan, memory, message) => {
    expect(() => choosePlan(plan, memory && parseMemorySize(memory))).toThrow(message);
  });

  test("persistence defaults to the plan's own, and only paid plans have a choice", () => {
    expect(choosePersistence("free", undefined)).toBe("off");
    expect(choosePersistence("standard", undefined)).toBe("journal_snapshot");
    expect(choosePersistence("standard", "journal_snapshot")).toBe("journal_snapshot");
    expect(choosePersistence("CustomBig", "off")).toBe("off");
    expect(() => choosePersistence("free", "snapshot")).toThrow('must be off on plan free, got: "snapshot".');
  });

  test("a plan without figures is one that only a contract describes", () => {
    expect(planFacts("CustomBig")).toBeUndefined();
    expect(planFacts("starter")?.memory).toBe(268_435_456);
  });
});

describe("eviction policies", () => {
  test.each(["noevict", "noeviction", "no-eviction", "no_evict", " NoEviction "])("%o never evicts", (text) => {
    expect(parseEvictionPolicy(text)).toBe("noeviction");
  });

  test.each(EVICTION_POLICIES)("%s is read in Render's spelling and in Redis's", (policy) => {
    expect(parseEvictionPolicy(policy)).toBe(policy);
    expect(parseEvictionPolicy(redisSpelling(policy))).toBe(policy);
    expect(redisSpelling(policy)).not.toContain("_");
  });

  test("anything else is refused with the nearest policy", () => {
    expect(() => parseEvictionPolicy("alkeys-lru")).toThrow('Did you mean "allkeys_lru"?');
    expect(() => parseEvictionPolicy("")).toThrow('got: "".');
  });
});

describe("regions and persistence modes", () => {
  test.each(REGIONS)("%s is a region", (region) => {
    expect(parseRegion(region.toUpperCase())).toBe(region);
  });

  test("another region is refused", () => {
    expect(() => parseRegion("oregano")).toThrow('Did you mean "oregon"?');
    expect(() => parseRegion("eu-west-1")).toThrow('got: "eu-west-1".');
  });

  test.each(PERSISTENCE_MODES)("%s is a persistence mode, with hyphens too", (mode) => {
    expect(parsePersistenceMode(mode.replaceAll("_", "-"))).toBe(mode);
  });

  test("another mode is refused", () => {
    expect(() => parsePersistenceMode("snapshots")).toThrow('Did you mean "snapshot"?');
  });
});

describe("memory sizes", () => {
  test.each([
    ["1 GB", 1_073_741_824],
    ["1GB", 1_073_741_824],
    ["0.5 gb", 536_870_912],
    ["256 MB", 268_435_456],
    ["256 MiB", 268_435_456],
    ["64 KB", 65_536],
  ])("%s is %i bytes", (text, bytes) => {
    expect(parseMemorySize(text)).toBe(bytes);
  });

  test.each(["", "1", "1 TB", "-1 GB", "0 MB", "one GB", "1 GB extra", "0.3 KB"])("%o is refused", (text) => {
    expect(() => parseMemorySize(text)).toThrow(`must be a size such as "256 MB" or "1 GB", got: "${text}".`);
  });

  test("formatting and parsing agree on whole units", () => {
    const unit = fc.constantFrom("KB", "MB", "GB");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1023 }), unit, (amount, name) => {
        expect(formatMemorySize(parseMemorySize(`${amount} ${name}`))).toBe(`${amount} ${name}`);
      }),
    );
  });
});
