import type { Evidence, Result } from "./report.ts";

export function pass(evidence: Evidence): Result {
  return { status: "pass", evidence };
}

export function warn(evidence: Evidence, remedy: string): Result {
  return { status: "warn", evidence, remedy };
}

export function fail(evidence: Evidence, remedy: string): Result {
  return { status: "fail", evidence, remedy };
}

export function unknown(reason: string, remedy: string, evidence?: Evidence): Result {
  return { status: "unknown", reason, remedy, ...(evidence === undefined ? {} : { evidence }) };
}
