import { expect, test } from "vitest";
import { DRILLS } from "../../../dev/drills/drills.ts";

const SECONDS = 2;
/** Milliseconds beyond a synchronous send that would mean that callers wait for Redis after all. */
const WAITING_FOR_REDIS_MS = 250;

// Each drill in a short form; `npm run drill -- <name>` is the long one, which also judges the latency to the
// millisecond: in two seconds the few messages that trip the breaker are more than a twentieth of all.
test.each(Object.entries(DRILLS))(
  "%s: nothing is lost, nothing is sent twice, callers wait no longer",
  async (_name, drill) => {
    const steps: string[] = [];
    const result = await drill.run({ seconds: SECONDS, say: (line) => steps.push(line), onStage: () => {} });
    const missed = result.missed.filter((target) => !target.startsWith("p95"));
    expect(missed, JSON.stringify(result)).toEqual([]);
    const { p95DownMs, p95SynchronousMs } = result;
    expect(p95DownMs ?? 0).toBeLessThan((p95SynchronousMs ?? 0) + WAITING_FOR_REDIS_MS);
    expect(result).toMatchObject({ lost: 0, sentTwice: 0, refused: 0 });
    expect(result.accepted).toBeGreaterThan(100);
    expect(steps.length).toBeGreaterThan(3);
  },
  120_000,
);
