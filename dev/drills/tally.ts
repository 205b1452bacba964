import type { Delivered } from "./load.ts";

/** A stretch of a drill during which Redis was away, in milliseconds since 1970. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/** What a drill came to. */
export interface Tally {
  readonly accepted: number;
  readonly refused: number;
  readonly sent: number;
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
export const TARGETS = { lost: 0, sentTwice: 0, refused: 0, p95AboveSynchronousMs: 50, recoveryMs: 2_000 } as const;

/**
 * @param baseline Messages that were sent synchronously while nothing was wrong.
 * @param times How often a message was sent.
 */
export function tally(
  messages: readonly Delivered[],
  baseline: readonly Delivered[],
  outage: Outage | undefined,
  times: (id: string) => number,
): Tally {
  const accepted = messages.filter(({ mode }) => mode !== "refused");
  const sent = accepted.filter(({ id }) => times(id) > 0);
  const down = outage === undefined ? [] : messages.filter(({ at }) => at >= outage.from && at < outage.to);
  const again = messages
    .filter(({ at, mode }) => outage !== undefined && at >= outage.to && mode === "queued")
    .map(({ at, latencyMs }) => at + latencyMs);
  return {
    accepted: accepted.length,
    refused: messages.length - accepted.length,
    sent: sent.length,
    lost: accepted.length - sent.length,
    sentTwice: messages.filter(({ id }) => times(id) > 1).length,
    p95QueuedMs: percentile95(accepted.filter(({ mode }) => mode === "queued")),
    p95SynchronousMs: percentile95(baseline),
    p95DownMs: percentile95(down),
    recoveryMs: outage === undefined || again.length === 0 ? undefined : Math.min(...again) - outage.to,
  };
}

/** The targets that were missed, in words; empty when all were met. */
export function missed(result: Tally, hadOutage: boolean): string[] {
  const { p95DownMs, p95SynchronousMs, recoveryMs } = result;
  const limitMs = (p95SynchronousMs ?? 0) + TARGETS.p95AboveSynchronousMs;
  return [
    ...(result.accepted === 0 ? ["no message was accepted"] : []),
    ...(result.lost > TARGETS.lost ? [`${result.lost} messages lost`] : []),
    ...(result.sentTwice > TARGETS.sentTwice ? [`${result.sentTwice} messages sent twice`] : []),
    ...(result.refused > TARGETS.refused ? [`${result.refused} messages refused`] : []),
    ...(p95DownMs !== undefined && p95DownMs > limitMs
      ? [`p95 while down ${p95DownMs.toFixed(0)} ms, more than ${limitMs.toFixed(0)} ms`]
      : []),
    ...(hadOutage && (recoveryMs === undefined || recoveryMs > TARGETS.recoveryMs)
      ? [`queueing again after ${recoveryMs === undefined ? "never" : `${recoveryMs.toFixed(0)} ms`}`]
      : []),
  ];
}

function percentile95(messages: readonly Delivered[]): number | undefined {
  const sorted = messages.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}
