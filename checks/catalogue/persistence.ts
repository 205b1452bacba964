import { z } from "zod";
import type { PersistenceMode } from "../../render/spellings.ts";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { readingInfo } from "../reading.ts";

const status = z.string().min(1);

const fields = z.object({
  aof_enabled: z.enum(["0", "1"]),
  aof_last_write_status: status,
  aof_last_bgrewrite_status: status,
  rdb_last_bgsave_status: status,
});

/** What the mode writes to disk, and so which of the server's own reports on writing count. */
const WRITES: Readonly<Record<PersistenceMode, readonly (keyof z.output<typeof fields>)[]>> = {
  journal_snapshot: ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"],
  snapshot: ["rdb_last_bgsave_status"],
  off: [],
};

export const persistence: Check = {
  id: "persistence",
  title: "Persistence",
  proves: "The server writes to disk what the environment says, and the last writes succeeded.",
  applies: always,
  run: readingInfo(fields, (info, { expected, instance }) => {
    const mode = expected.persistence;
    const journal = info.aof_enabled === "1";
    const failed = WRITES[mode].filter((field) => info[field] !== "ok");
    const evidence = {
      expected: `${mode} (environment), ${mode === "journal_snapshot" ? "journal on" : "journal off"}, writes ok`,
      actual: [
        `${instance.options.persistenceMode} (API)`,
        `journal ${journal ? "on" : "off"}`,
        ...(failed.length === 0 ? ["writes ok"] : failed.map((field) => `${field} ${info[field]}`)),
      ].join(", "),
      source: "API, INFO persistence",
    };
    if (failed.length > 0) return fail(evidence, "The server cannot write to its disk: tell Render's support at once.");
    if (journal === (mode === "journal_snapshot") && instance.options.persistenceMode === mode) return pass(evidence);
    return fail(evidence, "Deploy again. Beware: a change to or from `off` loses data.");
  }),
};
