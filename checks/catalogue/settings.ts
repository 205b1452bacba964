import { z } from "zod";
import { comparisonsOf } from "../../render/instance.ts";
import { formatMemorySize } from "../../render/memory-size.ts";
import { planFacts } from "../../render/plans.ts";
import { type PersistenceMode, redisSpelling } from "../../render/spellings.ts";
import type { Check, CheckContext } from "../check.ts";
import { count, info, judging, redis, Unseen } from "../judging.ts";
import { fail, pass, unknown, warn } from "../result.ts";

// Whether the instance is set up as the environment says.

export const identity: Check = {
  id: "identity",
  title: "Identity",
  proves: "Name, region, plan, eviction policy and persistence are by Render's API what the environment says.",
  run({ expected, instance }) {
    const fields = comparisonsOf(expected, instance);
    const drift = fields.filter(({ wanted, actual }) => wanted !== actual);
    if (drift.length === 0) {
      const actual = [instance.id, ...fields.map((field) => field.actual)].join(", ");
      return pass({ expected: "as the environment says", actual, source: "API" });
    }
    return fail(
      {
        expected: drift.map(({ field, wanted }) => `${field} ${wanted}`).join(", "),
        actual: drift.map(({ field, actual }) => `${field} ${actual}`).join(", "),
        source: "API",
      },
      "It was changed outside Terraform, or another instance was meant. Deploy again to restore it.",
    );
  },
};

const policyByInfo = info({ maxmemory_policy: z.string().min(1) });

/**
 * Three places name the policy, and any two can differ: someone changed it behind Terraform's back, or the running
 * server was not restarted after a change. All three are brought to Redis's spelling.
 */
export const evictionPolicy: Check = {
  id: "eviction-policy",
  follows: "eviction policy",
  title: "Eviction policy",
  proves: "What happens at the memory limit is what the environment says, by the API and by the running server.",
  run(context) {
    const remedy =
      "Set the policy in the environment file and deploy: Terraform restores it. If the API is right and INFO is not, " +
      "restart the instance in Render's dashboard.";
    const wanted = redisSpelling(context.expected.evictionPolicy);
    const byApi = redisSpelling(context.instance.options.maxmemoryPolicy);
    const apiOnly = { expected: `${wanted} (environment)`, actual: `${byApi} (API)`, source: "API" };
    const byInfo = policyByInfo(context);
    if (byInfo instanceof Unseen) {
      return byApi === wanted ? unknown(byInfo.reason, byInfo.remedy, apiOnly) : fail(apiOnly, remedy);
    }
    const witnesses = [
      { policy: byApi, by: "API", source: "API" },
      { policy: byInfo.maxmemory_policy, by: "INFO", source: "INFO memory" },
      ...configuredPolicy(context).map((policy) => ({ policy, by: "CONFIG", source: "CONFIG GET" })),
    ];
    const evidence = {
      expected: apiOnly.expected,
      actual: witnesses.map(({ policy, by }) => `${policy} (${by})`).join(", "),
      source: witnesses.map(({ source }) => source).join(", "),
    };
    return witnesses.every(({ policy }) => policy === wanted) ? pass(evidence) : fail(evidence, remedy);
  },
};

/** Render forbids CONFIG; where it is allowed it is one more witness. */
function configuredPolicy(context: CheckContext): string[] {
  const seen = redis(context);
  const answer = seen instanceof Unseen ? {} : seen.core.configuredPolicy;
  return "reply" in answer && typeof answer.reply === "string" ? [answer.reply.slice(0, 100)] : [];
}

const status = z.string().min(1);

const writing = {
  aof_enabled: z.enum(["0", "1"]),
  aof_last_write_status: status,
  aof_last_bgrewrite_status: status,
  rdb_last_bgsave_status: status,
  rdb_last_save_time: count.optional(),
  rdb_changes_since_last_save: count.optional(),
  server_time_usec: count.optional(),
  uptime_in_seconds: count.optional(),
};

/** What the mode writes to disk, and so which of the server's own reports on writing count. */
const WRITES: Readonly<Record<PersistenceMode, readonly (keyof typeof writing & `${string}_status`)[]>> = {
  journal_snapshot: ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"],
  snapshot: ["rdb_last_bgsave_status"],
  off: [],
};

export const persistence: Check = {
  id: "persistence",
  follows: "persistence",
  title: "Persistence",
  proves:
    "The journal is on or off as the environment says, and no write to disk has failed. Where only snapshots are kept, one " +
    "was taken within a day: whether they are switched on, INFO does not show.",
  run: judging(info(writing), (fields, { expected, instance }) => {
    const mode = expected.persistence;
    const byApi = instance.options.persistenceMode;
    const wanted = mode === "journal_snapshot" ? "on" : "off";
    const journal = fields.aof_enabled === "1" ? "on" : "off";
    const failed = WRITES[mode].filter((field) => fields[field] !== "ok");
    const writes = failed.length === 0 ? ["no write failed"] : failed.map((field) => `${field} ${fields[field]}`);
    const snapshot = mode === "snapshot" ? lastSnapshot(fields) : undefined;
    const shown = snapshot === undefined ? [] : [snapshot.text];
    const evidence = {
      expected: `${mode} (environment), journal ${wanted}, no write failed`,
      actual: [`${byApi} (API)`, `journal ${journal}`, ...writes, ...shown].join(", "),
      source: "API, INFO persistence",
    };
    if (failed.length > 0) {
      return fail(evidence, "The server cannot write to its disk: contact Render's support at once.");
    }
    if (journal !== wanted || byApi !== mode) {
      return fail(evidence, "Deploy again. Beware: a change to or from `off` loses data.");
    }
    if (snapshot?.isRecent !== false) return pass(evidence);
    return warn(
      evidence,
      "Whether snapshots are taken cannot be seen. A restart without one loses these changes. Render does not say how often it " +
        "takes them: look again later, or set redis.persistence to `journal_snapshot`.",
    );
  }),
};

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** What INFO shows of snapshots: the last one, which is the server's start where there was none, and what changed since. */
function lastSnapshot(fields: z.output<z.ZodObject<typeof writing>>): {
  readonly text: string;
  readonly isRecent: boolean;
} {
  const { rdb_last_save_time: saved, rdb_changes_since_last_save: changes, uptime_in_seconds: uptime } = fields;
  if (saved === undefined || changes === undefined || uptime === undefined) {
    return { text: "INFO does not show the last snapshot", isRecent: false };
  }
  const now = Math.floor((fields.server_time_usec ?? Date.now() * 1_000) / 1_000_000);
  const age = Math.max(0, now - saved);
  // The server starts with the time of its start as that of the last snapshot.
  const isTaken = saved > now - uptime + CLOCK_SLACK;
  const when = isTaken ? "last snapshot" : "no snapshot since the start";
  return {
    text: `${when} ${(age / HOUR).toFixed(1)} h ago, ${changes} changes since`,
    isRecent: isTaken && age <= DAY,
  };
}

/** Seconds by which the server's figures of its start may differ. */
const CLOCK_SLACK = 2;

/** Render may keep part of a plan's memory for the server itself, so the limit need not be the plan to the byte. */
const SHARE_OF_PLAN = { smallest: 0.75, largest: 1.05 } as const;

export const memoryLimit: Check = {
  id: "memory-limit",
  follows: "plan",
  title: "Memory limit",
  proves: "The server may use the memory that the plan pays for, and knows where it ends.",
  run: judging(info({ maxmemory: count }), ({ maxmemory }, { expected }) => {
    const plan = planFacts(expected.plan);
    const wanted =
      plan === undefined ? `a limit (plan ${expected.plan})` : `${formatMemorySize(plan.memory)} (plan ${plan.name})`;
    const evidence = { expected: wanted, source: "INFO memory" };
    if (maxmemory === 0) {
      return fail(
        { ...evidence, actual: "no limit (maxmemory 0)" },
        "Without a limit the server is killed when memory runs out. Restart it in Render's dashboard, or contact its support.",
      );
    }
    const limited = { ...evidence, actual: formatMemorySize(maxmemory) };
    const share = plan === undefined ? 1 : maxmemory / plan.memory;
    if (share >= SHARE_OF_PLAN.smallest && share <= SHARE_OF_PLAN.largest) return pass(limited);
    return fail(
      limited,
      "The instance runs with another plan's memory. Deploy again; if it stays, contact Render's support.",
    );
  }),
};
