import type { Delivered } from "./load.ts";

/** A stretch of a drill during which Redis was away, in milliseconds since 1970. */
export interface Outage {
  readonly from: number;
  readonly to: number;
  /** Whether the server was killed, so that what it had not written was gone. */
  readonly killed: boolean;
}

/**
 * Milliseconds for which a server with `appendfsync everysec` may hold a write back while the disk is slow. It has
 * acknowledged the job by then. Render's instances have the same setting.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 */
const UNWRITTEN_MS = 2_000;
/** The share of the machine that must have been idle for figures of time to say something about the service. */
const IDLE_ENOUGH = 0.25;

/** What a drill came to. */
export interface Tally {
  readonly accepted: number;
  readonly refused: number;
  readonly sent: number;
  /** Still in a queue when the longest time was over. */
  readonly waiting: number;
  /** Kept in a queue after the last attempt: the provider did not take them. */
  readonly failed: number;
  /** Gone, and acknowledged so shortly before Redis was killed that it may not have been written. */
  readonly unwritten: number;
  /** Gone, for no such reason. */
  readonly lost: number;
  readonly sentTwice: number;
  /** Milliseconds; `undefined` where there was nothing to measure. */
  readonly p95QueuedMs: number | undefined;
  readonly p95SynchronousMs: number | undefined;
  readonly p95DownMs: number | undefined;
  /** Milliseconds from Redis's return to the first message that was queued again. */
  readonly recoveryMs: number | undefined;
}

/** What must hold after every drill. */
export const TARGETS = {
  lost: 0,
  waiting: 0,
  failed: 0,
  sentTwice: 0,
  refused: 0,
  p95AboveSynchronousMs: 50,
  recoveryMs: 2_000,
} as const;

/** What a drill has to be judged by. */
interface Seen {
  readonly messages: readonly Delivered[];
  /** Messages that were sent synchronously while nothing was wrong. */
  readonly baseline: readonly Delivered[];
  readonly outage: Outage | undefined;
  /** What the queues still hold. */
  readonly left: { readonly waiting: number; readonly failed: number };
  /** How often a message was sent. */
  readonly times: (id: string) => number;
}

export function tally({ messages, baseline, outage, left, times }: Seen): Tally {
  const accepted = messages.filter(({ mode }) => mode !== "refused");
  const unsent = accepted.filter(({ id }) => times(id) === 0);
  const waiting = Math.min(unsent.length, left.waiting);
  const failed = Math.min(unsent.length - waiting, left.failed);
  const gone = unsent.length - waiting - failed;
  const risky = unsent.filter(({ at, latencyMs, mode }) => {
    const acknowledged = at + latencyMs;
    return (
      outage?.killed && mode === "queued" && acknowledged <= outage.to && acknowledged > outage.from - UNWRITTEN_MS
    );
  });
  const unwritten = Math.min(gone, risky.length);
  const down = outage === undefined ? [] : messages.filter(({ at }) => at >= outage.from && at < outage.to);
  const again = messages
    .filter(({ at, mode }) => outage !== undefined && at >= outage.to && mode === "queued")
    .map(({ at, latencyMs }) => at + latencyMs);
  return {
    accepted: accepted.length,
    refused: messages.length - accepted.length,
    sent: accepted.length - unsent.length,
    waiting,
    failed,
    unwritten,
    lost: gone - unwritten,
    sentTwice: messages.filter(({ id }) => times(id) > 1).length,
    p95QueuedMs: percentile95(accepted.filter(({ mode }) => mode === "queued")),
    p95SynchronousMs: percentile95(baseline),
    p95DownMs: percentile95(down),
    recoveryMs: outage === undefined || again.length === 0 ? undefined : Math.min(...again) - outage.to,
  };
}

/** Whether the machine was idle enough to judge figures of time. */
export function isIdleEnough(idle: number): boolean {
  return idle >= IDLE_ENOUGH;
}

/**
 * The targets that were missed, in words; empty when all were met.
 *
 * @param idle The share of the machine that was idle: on a busy one figures of time are not judged.
 */
export function missed(result: Tally, hadOutage: boolean, idle: number): string[] {
  const { p95DownMs, p95SynchronousMs, recoveryMs } = result;
  const limitMs = (p95SynchronousMs ?? 0) + TARGETS.p95AboveSynchronousMs;
  const slow = isIdleEnough(idle) && p95DownMs !== undefined && p95DownMs > limitMs;
  const late = isIdleEnough(idle) && recoveryMs !== undefined && recoveryMs > TARGETS.recoveryMs;
  return [
    ...(result.accepted === 0 ? ["no message was accepted"] : []),
    ...(result.lost > TARGETS.lost ? [`${result.lost} messages lost`] : []),
    ...(result.waiting > TARGETS.waiting ? [`${result.waiting} messages still wait`] : []),
    ...(result.failed > TARGETS.failed ? [`${result.failed} messages failed at every attempt`] : []),
    ...(result.sentTwice > TARGETS.sentTwice ? [`${result.sentTwice} messages sent twice`] : []),
    ...(result.refused > TARGETS.refused ? [`${result.refused} messages refused`] : []),
    ...(slow ? [`p95 while down ${p95DownMs.toFixed(0)} ms, more than ${limitMs.toFixed(0)} ms`] : []),
    ...(late ? [`queueing again after ${recoveryMs.toFixed(0)} ms`] : []),
    ...(hadOutage && recoveryMs === undefined ? ["queueing again after never"] : []),
  ];
}

function percentile95(messages: readonly Delivered[]): number | undefined {
  const sorted = messages.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}
