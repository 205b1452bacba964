import type { CheckResult, VerificationReport } from "../checks/report.ts";
import { baselineSchema } from "./baseline.ts";
import { GOAL } from "./baseline-report.ts";
import { type Evidence, evidencePath, type Recorded, readEvidence } from "./evidence.ts";

/** One line of the list: ticked by evidence, or what is missing and how to get it. */
export interface Line {
  readonly title: string;
  readonly ticked: boolean;
  /** What was seen, or what is missing. */
  readonly says: string;
  /** When it was seen, and where that is written. */
  readonly at?: string;
  readonly path?: string;
  /** Gets what is missing. */
  readonly command?: string;
}

/** What is to be ticked. */
export interface ChecklistSubject {
  readonly environment: string;
  /** What the checks found just now, and where that is written. */
  readonly reports: readonly VerificationReport[];
  readonly path: string;
  readonly now: Date;
  /** Where the evidence is. Default where the program runs. */
  readonly root?: string;
}

const DAY_MS = 24 * 3_600_000;
/** Whose drill counts: it is rehearsed on this machine, and never against an environment that people use. */
const REHEARSED = "local";

/** The guide's list of success, line by line. Nothing is ticked that was not measured. */
export function checklistOf(subject: ChecklistSubject): Line[] {
  const { environment } = subject;
  const baseline = evidenceLine(subject, "baseline", 90, `npm run baseline -- ${environment}`);
  return [
    checked(subject, "Redis is provisioned on Render", ["available", "identity"]),
    checked(subject, "The service's variables lead to it", ["backend-variables"]),
    checked(subject, "The service was deployed with them", ["backend-deploy"]),
    checked(subject, "The connection test passes", ["ping", "read-write"]),
    checked(subject, "Jobs go through the queues' libraries", ["queue"]),
    baseline(`Throughput: ${GOAL} messages a minute`, ({ queued }) => [
      queued.perMinute >= GOAL,
      `${queued.perMinute} messages a minute`,
    ]),
    baseline("Latency: the caller waits less with a queue", ({ queued, synchronous }) => [
      queued.accept.p95 < synchronous.accept.p50,
      `p95 ${queued.accept.p95.toFixed(1)} ms queued, ${Math.round(synchronous.accept.p95)} ms without`,
    ]),
    evidenceLine(subject, "watch", 1, `npm run watch -- ${environment} --once`)("The memory is watched"),
    evidenceLine(subject, "backup", 2, `npm run backup -- ${environment}`)("A backup is there, and was read back"),
    evidenceLine(
      { ...subject, environment: REHEARSED, reports: [] },
      "outage-drill",
      90,
      "npm run drill -- outage",
    )("Degradation was rehearsed on this machine: Redis away under load"),
  ];
}

/** A line that checks tick: each of them passed wherever it applies, and it applies somewhere. */
function checked({ environment, reports, path }: ChecklistSubject, title: string, ids: readonly string[]): Line {
  const results = reports.flatMap((report) => report.results).filter(({ id }) => ids.includes(id));
  const applying = results.filter(({ status }) => status !== "skip");
  const wrong = applying.find(({ status }) => status !== "pass" && status !== "warn");
  const missing = ids.find((id) => !applying.some((result) => result.id === id));
  const command = `npm run verify -- ${environment}`;
  if (wrong !== undefined) return { title, ticked: false, says: `${wrong.id}: ${said(wrong)}`, command };
  if (missing !== undefined) {
    const skipped = results.find(({ id }) => id === missing);
    return { title, ticked: false, says: `${missing}: ${skipped === undefined ? "not run" : said(skipped)}`, command };
  }
  const at = reports.map(({ startedAt }) => startedAt).toSorted()[0] ?? "";
  return { title, ticked: true, says: applying.map((result) => `${result.id}: ${said(result)}`).join("; "), at, path };
}

function said(result: CheckResult): string {
  return result.status === "unknown" || result.status === "skip" ? result.reason : result.evidence.actual;
}

type Measured = (facts: ReturnType<typeof baselineSchema.parse>) => [good: boolean, says: string];

/** A line that the evidence of an operation ticks, of each instance, while it is not too old. */
function evidenceLine(subject: ChecklistSubject, operation: Recorded, days: number, command: string) {
  return (title: string, measured?: Measured): Line => {
    const { environment, reports, now, root } = subject;
    const instances = reports.flatMap(({ instance }) => (instance === undefined ? [] : [instance]));
    const ids = instances.length === 0 ? [undefined] : instances.map(({ id }) => id);
    const says: string[] = [];
    let oldest: Evidence | undefined;
    for (const instanceId of new Set(ids)) {
      const of = { environment, operation, ...(root === undefined ? {} : { root }) };
      const found = readEvidence({ ...of, instanceId }) ?? readEvidence(of);
      const name = instances.find(({ id }) => id === instanceId)?.name ?? environment;
      if (found === undefined) return { title, ticked: false, says: `${name}: not done yet`, command };
      const [good, text] = measured === undefined ? [true, found.summary] : judged(found, measured);
      if (found.outcome !== "good" || !good) return { title, ticked: false, says: `${name}: ${text}`, command };
      if (now.getTime() - Date.parse(found.endedAt) > days * DAY_MS) {
        return { title, ticked: false, says: `${name}: last on ${found.endedAt.slice(0, 10)}, too long ago`, command };
      }
      says.push(text);
      if (oldest === undefined || found.endedAt < oldest.endedAt) oldest = found;
    }
    if (oldest === undefined) return { title, ticked: false, says: "not done yet", command };
    const path = evidencePath({ environment, operation, instanceId: oldest.instance?.id });
    return { title, ticked: true, says: [...new Set(says)].join("; "), at: oldest.endedAt, path };
  };
}

function judged({ facts }: Evidence, measured: Measured): [boolean, string] {
  const read = baselineSchema.safeParse(facts);
  return read.success ? measured(read.data) : [false, "its evidence has no figures"];
}
