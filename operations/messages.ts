import type { KeyValue } from "../render/api/endpoints.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import { describePlan, PROVIDER_PLANS, planFacts } from "../render/plans.ts";
import type { AlarmEvent } from "./alarms.ts";

/** What is told of an alarm, once when it begins and once when it is over: version 1. Holds no secret, and nothing of the data. */
export interface Message {
  readonly schemaVersion: 1;
  readonly event: AlarmEvent["event"];
  readonly environment: string;
  readonly instance: { readonly id: string; readonly name: string };
  readonly check: string;
  readonly title: string;
  /** ISO 8601: when the alarm began, and when this was seen. */
  readonly since: string;
  readonly at: string;
  /** What was seen, and what should have been. */
  readonly seen: string;
  readonly expected: string;
  /** What to do; for memory with the next plan, its price and the line to change. Absent when it is over. */
  readonly remedy?: string;
}

/** @param file Where the instance is described: `redis` in `environments/production.ts`. */
export function messageOf(
  { event, since, at, result }: AlarmEvent,
  { environment, name, plan }: ExpectedInstance,
  instance: Pick<KeyValue, "id"> | undefined,
): Message {
  const evidence =
    result.status === "skip"
      ? { actual: result.reason, expected: "" }
      : (result.evidence ?? { actual: "", expected: "" });
  const remedies =
    "remedy" in result ? [result.remedy, ...(isAboutRoom(result.id) ? [nextPlan(environment, plan)] : [])] : [];
  return {
    ...{ schemaVersion: 1, event, environment, instance: { id: instance?.id ?? "", name } },
    ...{ check: result.id, title: result.title, since, at },
    ...{ seen: evidence.actual, expected: evidence.expected },
    ...(event === "end" || remedies.length === 0 ? {} : { remedy: remedies.filter((text) => text !== "").join(" ") }),
  };
}

/** A larger plan is a way out of these. */
function isAboutRoom(check: string): boolean {
  return check === "memory-headroom" || check === "connections";
}

/** The next plan, its price, and the line to change. */
function nextPlan(environment: string, plan: ExpectedInstance["plan"]): string {
  const memory = planFacts(plan)?.memory;
  const next = memory === undefined ? undefined : PROVIDER_PLANS.find((larger) => larger.memory > memory);
  if (next === undefined) return "";
  const wiped = plan === "free" ? " All data is lost when it leaves the free plan." : " Render restarts the instance.";
  return `The next plan is ${describePlan(next.name)}: in environments/${environment}.ts change \`plan: "${plan}"\` to \`plan: "${next.name}"\`.${wiped}`;
}

/** One line: `production koinoniasms-redis: Memory headroom failed: 81.2 % used …`. */
export function summaryOf({ event, environment, instance, title, seen, since, at }: Message): string {
  const of = `${environment} ${instance.name}: ${title}`;
  if (event === "begin") return `${of} failed: ${seen}`;
  return `${of} is good again after ${lasting(Date.parse(at) - Date.parse(since))}${seen === "" ? "" : `: ${seen}`}`;
}

/** `45 s`, `12 min`, `3.5 h`. */
export function lasting(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
