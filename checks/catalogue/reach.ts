import { explain } from "../../redis/failure-explanations.ts";
import { always, type Check } from "../check.ts";
import { type Evidence, fail, pass, unknown, warn } from "../finding.ts";
import type { Answer } from "../observation/observation.ts";

/**
 * Milliseconds of a round trip. Inside a region 1 is usual and 10 workable, as Sidekiq judges it; above 50 a queue
 * that polls is slow. From outside the distance counts, so only what would make even administration slow is named.
 */
const LATENCY = {
  inside: { good: 1, workable: 10, slow: 50 },
  external: { good: 50, workable: 150, slow: 400 },
} as const;

const SOURCE = "PING";

export const ping: Check = {
  id: "ping",
  title: "Answers PING",
  proves: "The Redis is up, can be reached, lets the credentials in, and answers in reasonable time.",
  applies: always,
  run({ live }) {
    if ("obstacle" in live) {
      const { reason, remedy, failure } = live.obstacle;
      // Whoever is not let in has learnt nothing about the Redis; whoever is, and gets no PONG, has.
      if (failure === undefined || failure === "NOT_ALLOWED") return unknown(reason, remedy);
      return fail({ expected: "PONG", actual: reason, source: `${SOURCE} from ${live.vantage}` }, remedy);
    }
    const { ping: answer, latenciesMs } = live.observation.core;
    const vantage = live.vantage === "inside" ? "inside" : "external";
    const evidence: Evidence = {
      expected: "PONG",
      actual: describe(answer),
      source: `${SOURCE} from ${vantage}`,
    };
    if ("failure" in answer) return fail(evidence, explain(answer.failure).remedy);
    if (answer.reply !== "PONG") return fail(evidence, "What answers is no Redis: check the URL that the API gives.");
    if (latenciesMs.length === 0) return pass({ ...evidence, actual: "PONG, and then the connection broke" });
    const latency = median(latenciesMs);
    const limits = LATENCY[vantage];
    const actual = `PONG, ${latency.toFixed(1)} ms (${judge(latency, limits)}; median of ${latenciesMs.length})`;
    const timed = { expected: `PONG within ${limits.slow} ms`, actual, source: evidence.source };
    if (latency <= limits.slow) return pass(timed);
    return warn(
      timed,
      "Check that the backend is in the instance's region, and the instance's CPU in Render's metrics.",
    );
  },
};

function describe(answer: Answer): string {
  return "failure" in answer ? `${explain(answer.failure).what} (${answer.failure})` : "another reply";
}

function judge(latency: number, limits: (typeof LATENCY)[keyof typeof LATENCY]): string {
  if (latency <= limits.good) return "good";
  if (latency <= limits.workable) return "workable";
  return "slow";
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
