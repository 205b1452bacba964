import { setTimeout as wait } from "node:timers/promises";

/** By how much each pause of {@link until} is longer than the one before. */
const GROWTH = 1.5;
/** Milliseconds, some 24 days. A timer with more fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Waits, or stops waiting when the signal fires. Keeps the process alive meanwhile.
 *
 * @returns Whether the whole time has passed.
 */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<boolean> {
  return wait(Math.min(milliseconds, LONGEST_TIMER), true, signal === undefined ? {} : { signal }).catch(() => false);
}

export interface UntilOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** Milliseconds: when the next look would come later than that, there is none. */
  readonly withinMs?: number;
  /** Milliseconds between the first two looks. */
  readonly first: number;
  /** Milliseconds that a pause grows to; default: it does not grow. */
  readonly longest?: number;
  /** Milliseconds that the next pause takes at least, where the last look was told when to come again. */
  readonly atLeast?: () => number;
}

/**
 * Looks, at once and then again and again, until there is something. The pauses grow from the first to the longest.
 *
 * @param look Gives `undefined` or `false` for "not yet". What it throws ends the waiting.
 * @returns What was found; `undefined` when the signal or the end of the time came first.
 */
export async function until<T>(
  look: () => Promise<T | false | undefined> | T | false | undefined,
  { signal, withinMs = Number.POSITIVE_INFINITY, first, longest = first, atLeast = () => 0 }: UntilOptions,
): Promise<T | undefined> {
  const end = performance.now() + withinMs;
  for (let least = first; signal?.aborted !== true; least = Math.min(least * GROWTH, longest)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    const pause = Math.max(least, atLeast());
    if (performance.now() + pause >= end) return undefined;
    await sleep(pause, signal);
  }
  return undefined;
}

/**
 * Bounds a piece of work: its signal fires after the time, or with the outer signal. The work must listen to it.
 *
 * Not `AbortSignal.any` with a timeout of its own: the garbage collector may take that before it fires.
 */
export async function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const bound = new AbortController();
  const stop = () => bound.abort(outer?.reason);
  const late = () => bound.abort(new Error(`${milliseconds} ms have passed`));
  const timer = setTimeout(late, Math.min(milliseconds, LONGEST_TIMER));
  if (outer?.aborted) stop();
  outer?.addEventListener("abort", stop, { once: true });
  try {
    return await work(bound.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", stop);
  }
}
