import { z } from "zod";
import { VANTAGES } from "../../../vantage/live.ts";
import type { JsonReport } from "./json.ts";

const evidence = z.object({ expected: z.string(), actual: z.string(), source: z.string() });

const statement = { id: z.string(), title: z.string(), proves: z.string(), durationMs: z.int().min(0) };

const result = z.discriminatedUnion("status", [
  z.object({ ...statement, status: z.literal("pass"), evidence }),
  z.object({ ...statement, status: z.literal("warn"), evidence, remedy: z.string() }),
  z.object({ ...statement, status: z.literal("fail"), evidence, remedy: z.string() }),
  z.object({
    ...statement,
    status: z.literal("unknown"),
    reason: z.string(),
    remedy: z.string(),
    evidence: evidence.optional(),
  }),
  z.object({ ...statement, status: z.literal("skip"), reason: z.string() }),
]);

/**
 * The JSON report, version 1. Published as `report.schema.json`; a test keeps the two the same.
 *
 * A new field leaves the version as it is; a field that goes, or means something else, raises it.
 */
export const jsonReportSchema = z.object({
  schemaVersion: z.literal(1),
  verdict: z.enum(["good", "failed", "misconfigured", "not established"]),
  exitCode: z.int().min(0).max(3),
  environments: z.array(
    z.object({
      environment: z.string(),
      instance: z.object({ id: z.string(), name: z.string(), region: z.string(), plan: z.string() }).optional(),
      vantage: z.enum(VANTAGES).optional(),
      passedOver: z.array(z.object({ vantage: z.enum(VANTAGES), reason: z.string() })),
      startedAt: z.iso.datetime(),
      durationMs: z.int().min(0),
      misconfigured: z.boolean(),
      acceptUnknown: z.boolean(),
      results: z.array(result),
    }),
  ),
}) satisfies z.ZodType<JsonReport>;
