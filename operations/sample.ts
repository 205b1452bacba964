import { z } from "zod";
import { allChecks } from "../checks/catalogue/all-checks.ts";
import { memoryHeadroom } from "../checks/catalogue/server.ts";
import { type CheckContext, resultOf } from "../checks/check.ts";
import { type Answer, observationSchema } from "../checks/observation/observation.ts";
import type { Result } from "../checks/report.ts";
import { fail, pass, unknown } from "../checks/result.ts";
import { AVAILABLE } from "../checks/verification.ts";
import { parseInfo } from "../redis/info.ts";
import type { KeyValue } from "../render/api/endpoints.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import type { Look } from "../vantage/vantage.ts";
import type { Judged } from "./alarms.ts";
import { lasting } from "./messages.ts";
import type { Measured } from "./metrics.ts";
import { type QueueCount, queueCountSchema } from "./queue-counts.ts";

/** One look at an instance, and what the checks say of it. */
export interface Sample extends Measured {
  readonly at: Date;
  /** As Render shows it; `undefined` until it was asked, and when there is none. */
  readonly instance: KeyValue | undefined;
  readonly results: readonly Judged[];
  /** Milliseconds: the median of several round trips. */
  readonly latencyMs: number | undefined;
}

/** What a watch sees: what the checks look at, and from outside the commands' figures and the queues, too. */
export const seenSchema = observationSchema.extend({
  /** `INFO commandstats`. */
  commands: z.string().optional(),
  queues: z.array(queueCountSchema).optional(),
});
export type Seen = z.output<typeof seenSchema>;

/** What a sample is judged by. */
export interface Gathered {
  readonly expected: ExpectedInstance;
  readonly instance: KeyValue | undefined;
  /** Whether Render calls the instance available. */
  readonly available: Result;
  readonly look: Look<Seen>;
  /** What Render's API measured, in the names of INFO: where Redis could not be asked. */
  readonly measured: Readonly<Record<string, string>>;
  /** Seconds after which the oldest waiting job is too old. */
  readonly oldestJobSeconds: number;
}

/** What a verification takes for much, too. */
export const MEMORY_USE = { warnPercent: 70, failPercent: 80 } as const;

/** What a watch judges: what one pipeline, or the API, shows of the instance. */
const WATCHED = allChecks.filter(({ about, observes = "core" }) => about === undefined && observes === "core");

const OLDEST_JOB = {
  ...{ id: "oldest-waiting-job", title: "Oldest waiting job" },
  proves: "No job has waited for longer than the limit.",
};

/** Fails while nothing at all is seen of the Redis. That is no news of the Redis, and so it has more patience than others. */
export const SEEN = { id: "seen", title: "Seen", proves: "The watch sees the Redis, or that it is away." };

export function judgeSample(gathered: Gathered): Sample {
  const { expected, instance, available, look, measured, oldestJobSeconds } = gathered;
  const seen = "seen" in look ? look.seen : undefined;
  const results: Judged[] = [
    { ...AVAILABLE, durationMs: 0, ...available },
    ...(instance === undefined ? [] : judgeInstance({ ...gathered, instance })),
    { ...OLDEST_JOB, durationMs: 0, ...judgeOldest(seen?.queues, oldestJobSeconds) },
  ];
  const ping = results.find(({ id }) => id === "ping")?.status ?? "unknown";
  results.push({ ...SEEN, durationMs: 0, ...judgeSeen(look, ping !== "unknown") });
  const latencies = (seen?.core.latenciesMs ?? []).toSorted((one, other) => one - other);
  return {
    ...{ at: new Date(), expected, instance, results, queues: seen?.queues ?? [] },
    up: ping === "unknown" ? undefined : ping !== "fail",
    info: seen === undefined ? measured : parseInfo(`${textOf(seen.core.info)}\n${seen.commands ?? ""}`),
    latencyMs: latencies[Math.floor(latencies.length / 2)],
  };
}

function judgeInstance({ expected, instance, look, measured }: Gathered & { readonly instance: KeyValue }): Judged[] {
  const context: CheckContext = {
    ...{ expected, instance, look, names: { instance: undefined, group: undefined } },
    ...{ prove: "no", memoryUse: MEMORY_USE },
  };
  return WATCHED.map((check) => {
    const { id, title, proves } = check;
    const result = resultOf(check, context);
    const byRender = check === memoryHeadroom && result.status === "unknown" ? headroom(context, measured) : undefined;
    return { id, title, proves, durationMs: 0, ...(byRender ?? result) };
  });
}

/** The headroom by what Render measured, where Redis could not be asked. */
function headroom(context: CheckContext, measured: Gathered["measured"]): Result | undefined {
  const none: Answer = { failure: "CLOSED" };
  const reply = Object.entries(measured).map(([field, value]) => `${field}:${value}`);
  const core = {
    ...{ ping: none, latenciesMs: [], info: { reply: reply.join("\n") }, configuredPolicy: none },
    write: { value: "", set: none, get: none, ttl: none, deleted: none },
  };
  const look = { vantage: "api-only", passedOver: [], seen: { core } } as const;
  const result = resultOf(memoryHeadroom, { ...context, look });
  if (result.status === "unknown" || result.status === "skip") return undefined;
  return { ...result, evidence: { ...result.evidence, source: "Render's metrics" } };
}

function judgeOldest(queues: readonly QueueCount[] | undefined, limit: number): Result {
  if (queues === undefined) {
    return unknown("the queues were not counted", "They are counted from outside: see `redis.ipAllowList`.");
  }
  const [oldest] = queues.toSorted((one, other) => (other.oldestSeconds ?? -1) - (one.oldestSeconds ?? -1));
  const seconds = oldest?.oldestSeconds;
  const evidence = {
    expected: `at most ${lasting(limit * 1_000)}`,
    actual: seconds === undefined ? "none waits" : `${lasting(seconds * 1_000)}, in queue ${oldest?.queue}`,
    source: "the queues",
  };
  if (seconds === undefined || seconds <= limit) return pass(evidence);
  return fail(evidence, "See whether its workers run and are fast enough: their logs, and `active` and `failed`.");
}

function judgeSeen(look: Look<unknown>, isAnswered: boolean): Result {
  const evidence = { expected: "an answer", actual: "an answer", source: "the watch" };
  if (isAnswered || !("obstacle" in look)) return pass(evidence);
  return fail({ ...evidence, actual: look.obstacle.reason }, look.obstacle.remedy);
}

function textOf(answer: Answer): string {
  return "reply" in answer ? String(answer.reply ?? "") : "";
}
