import { setTimeout as delay } from "node:timers/promises";

/** Waits, or stops waiting when the signal fires. Says whether the whole time passed. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return delay(milliseconds, true, { signal }).catch(() => false);
}
