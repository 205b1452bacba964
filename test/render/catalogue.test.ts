import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatMemorySize, parseMemorySize } from "../../render/memory-size.ts";
import {
  choosePersistence,
  choosePlan,
  describePlan,
  describePrice,
  isDowngrade,
  PLANS,
  PROVIDER_PLANS,
  parsePlan,
  planFacts,
  plansAsOf,
  smallestPlanWith,
  sureConnections,
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
    }
    for (const figure of ["connections", "price"] as const) {
      const known = PLANS.map((plan) => plan[figure]).filter((value) => value !== undefined);
      expect(known).toEqual([...new Set(known)].toSorted((a, b) => a - b));
    }
  });

  test("the prices are those of October 2026, and what no source says is not known", () => {
    expect(PLANS.map(({ name }) => `${name} ${describePrice(name)}`)).toEqual([
      ...["free $0", "starter $10", "standard $20", "3g $60", "pro $100", "pro_plus $200", "20g $350"],
      ...["40g a price that is not known", "50g a price that is not known"],
    ]);
    expect(plansAsOf(new Date("2026-12-30"))).toBe("2026-10-01");
    expect(plansAsOf(new Date("2026-12-31"))).toMatch(/^2026-10-01 \(91 days old; see https:/);
  });

  test("no other source tells a price", () => {
    const folders = [
      "checks",
      "cli",
      "constructs",
      "environments",
      "pipeline",
      "render",
      "steps",
      "stacks",
      "dev",
      "docs",
    ];
    const files = folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(ts|md)$/.test(name))
        .map((name) => join(folder, name)),
    );
    const prices = new Set(PLANS.flatMap(({ price }) => (price === undefined || price === 0 ? [] : [`$${price}`])));
    const told = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/(?<!\$)\$\d+(?= a month)/g)].map(([price]) => ({ file, price })),
    );
    expect(told.filter(({ price }) => !prices.has(price))).toEqual([]);
    expect(told.filter(({ file }) => ![join("render", "plans.ts"), join("docs", "rules.md")].includes(file))).toEqual(
      [],
    );
  });

  test("the connection limit that is sure is the lowest that is told", () => {
    expect(PLANS.map(({ name }) => sureConnections(name))).toEqual([
      ...[50, 200, 1_000, undefined, 5_000, 10_000, 20_000, undefined, undefined],
    ]);
    expect(sureConnections("CustomBig")).toBeUndefined();
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
      `must be one of free, starter, standard, 3g, pro, pro_plus, 20g, 40g, 50g, Custom…, got: "${text}".`,
    );
  });

  test("the guide's figures are corrected: standard is 1 GB for $20, with 1,000 connections", () => {
    expect(describePlan("standard")).toBe("standard (1 GB, 1000 connections, $20 a month)");
    expect(describePlan("50g")).toBe(
      "50g (50 GB, an unknown number of connections, a price that is not known a month)",
    );
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
        const smaller = PROVIDER_PLANS.filter((candidate) => candidate.memory < (plan?.memory ?? 0));
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
    // 3g would do, but the provider refuses it.
    [undefined, "3 GB", "pro"],
  ] as const)("plan %o and memory %o choose %s", (plan, memory, chosen) => {
    expect(choosePlan(plan, memory && parseMemorySize(memory))).toBe(chosen);
  });

  test.each([
    [undefined, undefined, "must be one of free, starter, standard, 3g, pro, pro_plus, 20g, 40g, 50g, got: nothing."],
    ["pro", "1 GB", 'For 1 GB take plan "standard", or leave one of the two out.'],
    [undefined, "11 GB", 'must be at most 10 GB without a custom plan, got: "11 GB". Plan "20g" has it, but not with'],
    ["pro", "20 GB", 'must be at most 10 GB without a custom plan, got: "20 GB".'],
    [undefined, "64 GB", 'must be at most 10 GB without a custom plan, got: "64 GB".'],
    ["3g", undefined, "must be one of free, starter, standard, pro, pro_plus, or custom, with version 1.9.1"],
    ["3g", "3 GB", 'with version 1.9.1 of Terraform\'s provider, which refuses newer plans, got: "3g".'],
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
