import { z } from "zod";
import { VANTAGES } from "../vantage/vantage.ts";

/** What a check looked at. Written for people; holds no secret. `source` says where `actual` was read: `INFO memory`. */
const evidence = z.object({ expected: z.string(), actual: z.string(), source: z.string() });

/** `durationMs` is how long looking took for this check alone: most are judged by what was read for all of them. */
const statement = { id: z.string(), title: z.string(), proves: z.string(), durationMs: z.int().min(0) };

/**
 * What one check found.
 *
 * - `pass`: proved.
 * - `warn`: proved, and worth a look.
 * - `fail`: disproved.
 * - `unknown`: could not be established; never as good as `pass`.
 * - `skip`: does not apply here, for the reason given.
 */
const checkResult = z.discriminatedUnion("status", [
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

/** Everything found out about one environment: what all reports are made of. */
const verificationReport = z.object({
  environment: z.string(),
  /** The key of the instance or the service in the environment's file, where it has several of them. */
  key: z.string().optional(),
  /** The service, where it is what was verified. */
  service: z.object({ id: z.string(), name: z.string() }).optional(),
  instance: z.object({ id: z.string(), name: z.string(), region: z.string(), plan: z.string() }).optional(),
  vantage: z.enum(VANTAGES).optional(),
  passedOver: z.array(z.object({ vantage: z.enum(VANTAGES), reason: z.string() })),
  startedAt: z.iso.datetime(),
  durationMs: z.int().min(0),
  /** Whether the checks could not even begin, for a wrong key or two instances of the same name. */
  misconfigured: z.boolean(),
  /** Whether unknown results let the run pass. */
  acceptUnknown: z.boolean(),
  /** Whether warnings fail the run. */
  strict: z.literal(true).optional(),
  results: z.array(checkResult),
});

/**
 * The JSON report, version 1. `node render-redis.mjs schema` prints its JSON schema.
 *
 * A new field leaves the version as it is; a field that is removed, or means something else, raises it.
 */
export const jsonReportSchema = z.object({
  schemaVersion: z.literal(1),
  verdict: z.enum(["good", "failed", "misconfigured", "not established"]),
  exitCode: z.int().min(0).max(3),
  environments: z.array(verificationReport),
});

export type JsonReport = z.infer<typeof jsonReportSchema>;
export type Verdict = JsonReport["verdict"];
export type VerificationReport = z.infer<typeof verificationReport>;
export type CheckResult = z.infer<typeof checkResult>;
export type Evidence = z.infer<typeof evidence>;
export type Status = CheckResult["status"];

/** What a report is about: `production`, or `production queue`. */
export function subjectOf({ environment, key }: Pick<VerificationReport, "environment" | "key">): string {
  return key === undefined ? environment : `${environment} ${key}`;
}

type Without<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

/** What a check finds. */
export type Result = Without<CheckResult, keyof typeof statement>;
