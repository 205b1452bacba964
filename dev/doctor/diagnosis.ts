import { z } from "zod";
import { PLATFORMS } from "./platform.ts";

/**
 * What was found of one prerequisite.
 *
 * - `ok`: there, and new enough.
 * - `warning`: there, and new enough, but something will not work with it until the remedy is applied.
 * - `missing`: no such program on the PATH.
 * - `too_old`: there, below the minimum.
 * - `broken`: there, but it hangs, fails, or prints something that is no version.
 */
export const Finding = z.strictObject({
  id: z.enum(["node", "terraform", "redis"]),
  title: z.string(),
  purpose: z.string(),
  /** For people: `Terraform ≥ 1.9 or OpenTofu ≥ 1.8`. */
  needed: z.string(),
  status: z.enum(["ok", "warning", "missing", "too_old", "broken"]),
  /** The program that counts; `null` when there is none that says its version. */
  found: z.strictObject({ product: z.string(), version: z.string(), path: z.string() }).nullable(),
  /** One sentence without its full stop; `null` when all is well. */
  problem: z.string().nullable(),
  /** Commands for a shell on this platform, or where to read on a platform that is not known. */
  remedy: z.array(z.string()),
});

export type Finding = z.infer<typeof Finding>;

/** All prerequisites of this project on this machine. The shape of `npm run doctor -- --json`. */
export const Diagnosis = z.strictObject({
  /** Whether everything here can run. Warnings don't count against it. */
  ok: z.boolean(),
  platform: z.enum(PLATFORMS),
  findings: z.array(Finding),
});

export type Diagnosis = z.infer<typeof Diagnosis>;
