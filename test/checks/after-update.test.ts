import { expect, test } from "vitest";
import { isBehind } from "../../checks/after-update.ts";
import { allChecks } from "../../checks/catalogue/all-checks.ts";
import { type Situation, situation } from "./support/judge.ts";

/** The server of these tests started at 1790000000, in seconds since 1970. */
const at = (seconds: number) => new Date((1_790_000_000 + seconds) * 1_000).toISOString();
const updated = (seconds: number) => ({ createdAt: at(-9_000), updatedAt: at(seconds) });

const FULL = { used_memory: "250000000" };
const OLD_POLICY = { maxmemory_policy: "allkeys-lru" };
const NO_LIMIT = { maxmemory: "0" };

test.each<[string, boolean, Situation]>([
  ["an old policy", true, { info: OLD_POLICY, instance: updated(10) }],
  ["no limit of memory", true, { info: NO_LIMIT, instance: updated(10) }],
  ["a journal that is off", true, { info: { aof_enabled: "0" }, instance: updated(10) }],
  ["memory that is full", true, { info: FULL, instance: updated(10) }],
  [
    "an old policy, by this machine's clock",
    true,
    {
      info: { ...OLD_POLICY, server_time_usec: undefined },
      instance: { createdAt: at(0), updatedAt: new Date().toISOString() },
    },
  ],
  ["everything as it should be", false, { instance: updated(10) }],
  ["a new instance", false, { info: OLD_POLICY, instance: { createdAt: at(10), updatedAt: at(10) } }],
  ["a server that has restarted since", false, { info: OLD_POLICY, instance: updated(-1) }],
  ["an instance without times", false, { info: OLD_POLICY, instance: { createdAt: "", updatedAt: "" } }],
  ["another field", false, { info: { role: "slave", evicted_keys: "9", loading: "1" }, instance: updated(10) }],
  [
    "a policy that Render does not show as described either",
    false,
    {
      info: OLD_POLICY,
      instance: { ...updated(10), options: { maxmemoryPolicy: "allkeys_lru", persistenceMode: "journal_snapshot" } },
    },
  ],
  [
    "no answer",
    false,
    { instance: updated(10), look: { vantage: "external", passedOver: [], obstacle: { reason: "", remedy: "" } } },
  ],
])("%s: behind is %s", (_what, behind, differences) => {
  expect(isBehind(allChecks, situation(differences))).toBe(behind);
});
