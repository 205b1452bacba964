import { explain, type FailureKind } from "../../redis/explanations.ts";
import { isProduction, isWithin, openToTheWorld } from "../../render/exposure.ts";
import { OTHER_WAYS } from "../../vantage/inside.ts";
import type { Check } from "../check.ts";
import { experiment, judging, notAnswered } from "../judging.ts";
import type { Answer } from "../observation/observation.ts";
import { fail, pass, unknown, warn } from "../result.ts";

// Whether the Redis can be reached, by whom, and how well.

/**
 * Milliseconds of a round trip. Inside a region 1 is usual and 10 workable, as Sidekiq judges it; above 50 a queue
 * that polls is slow. From outside the distance counts, so only what would make even administration slow is named.
 */
const LATENCY = {
  inside: { good: 1, workable: 10, slow: 50 },
  external: { good: 50, workable: 150, slow: 400 },
} as const;

export const ping: Check = {
  id: "ping",
  title: "Answers PING",
  proves: "The Redis is up, can be reached, lets the credentials in, and answers in reasonable time.",
  observes: "core",
  run({ look }) {
    if ("obstacle" in look) {
      const { reason, remedy, failure } = look.obstacle;
      // Refused by the allow list, or not tried: unknown. Connected without a PONG: failed.
      if (failure === undefined || failure === "NOT_ALLOWED" || failure === "NO_TLS") return unknown(reason, remedy);
      return fail({ expected: "PONG", actual: reason, source: `PING from ${look.vantage}` }, remedy);
    }
    const { ping: answer, latenciesMs, untimed } = look.seen.core;
    const vantage = look.vantage === "inside" ? "inside" : "external";
    const evidence = { expected: "PONG", actual: describeAnswer(answer), source: `PING from ${vantage}` };
    if ("failure" in answer) return fail(evidence, explain(answer.failure).remedy);
    if (answer.reply !== "PONG") return fail(evidence, "What answers is no Redis: check the URL that the API gives.");
    if (untimed !== undefined)
      return unknown(`how long it takes: ${untimed}`, OTHER_WAYS, { ...evidence, actual: "PONG" });
    if (latenciesMs.length === 0) return pass({ ...evidence, actual: "PONG, and then the connection broke" });
    const latency = median(latenciesMs);
    const limits = LATENCY[vantage];
    const actual = `PONG, ${latency.toFixed(1)} ms (${speed(latency, limits)}; median of ${latenciesMs.length})`;
    const timed = { expected: `PONG within ${limits.slow} ms`, actual, source: evidence.source };
    if (latency <= limits.slow) return pass(timed);
    return warn(
      timed,
      "Check that the service is in the instance's region, and the instance's CPU in Render's metrics.",
    );
  },
};

function describeAnswer(answer: Answer): string {
  return "failure" in answer ? `${explain(answer.failure).what} (${answer.failure})` : "another reply";
}

function speed(latency: number, limits: (typeof LATENCY)[keyof typeof LATENCY]): string {
  if (latency <= limits.good) return "good";
  return latency <= limits.workable ? "workable" : "slow";
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

const DAY_MS = 24 * 3_600_000;
/** Certificates are renewed weeks ahead; one that is this near its end was forgotten. */
const WARN_DAYS = 14;

const ABOUT_TLS: readonly FailureKind[] = [
  "NO_TLS",
  "CERTIFICATE_EXPIRED",
  "CERTIFICATE_NAME",
  "CERTIFICATE_UNTRUSTED",
  "NO_HANDSHAKE",
];

export const tls: Check = {
  id: "tls",
  title: "Encrypted",
  proves: "What goes over the internet is encrypted, to a server whose certificate is valid, trusted and its own.",
  skip({ look }) {
    return look.vantage === "inside" ? "inside Render's private network there is no TLS" : undefined;
  },
  run({ look }) {
    const evidence = { expected: "TLS with a verified certificate", source: "TLS handshake" };
    if ("obstacle" in look) {
      const { failure, reason, remedy } = look.obstacle;
      if (failure === undefined || !ABOUT_TLS.includes(failure)) return unknown(reason, remedy);
      return fail({ ...evidence, actual: reason }, remedy);
    }
    const { tls: facts } = look.seen.core;
    if (facts === undefined) {
      return fail({ ...evidence, actual: "no TLS" }, "The API's external URL must begin with rediss://.");
    }
    const days = Math.floor((Date.parse(facts.validTo) - Date.now()) / DAY_MS);
    const verified = { ...evidence, actual: `${facts.protocol}, certificate verified, ${days} days left` };
    return days > WARN_DAYS
      ? pass(verified)
      : warn(verified, "The certificate is about to end: contact Render's support.");
  },
};

/** A server without a password accepts every password. Only a refused login without one proves that it asks. */
export const auth: Check = {
  id: "auth",
  title: "Asks for a password",
  proves: "Clients without the password are refused.",
  observes: "stranger",
  skip({ look, expected }) {
    if (look.vantage !== "inside" || expected.internalAuthentication) return undefined;
    return "inside Render no password is due: internal authentication is off";
  },
  run: judging(experiment("stranger"), (stranger) => {
    const evidence = { expected: "refused (NOAUTH)", source: "PING without a password" };
    if ("reply" in stranger) {
      return fail(
        { ...evidence, actual: "let in" },
        "Anyone who reaches the address reads and writes everything. Contact Render's support; change what was stored.",
      );
    }
    if (stranger.failure === "NOAUTH") return pass({ ...evidence, actual: "refused (NOAUTH)" });
    return notAnswered(evidence.source, stranger.failure).result;
  }),
};

export const exposure: Check = {
  id: "exposure",
  title: "Exposure",
  proves: "From outside Render, only the addresses in the environment may connect.",
  run({ expected, instance }) {
    const wanted = blocks(expected.ipAllowList);
    const actual = blocks(instance.ipAllowList);
    const evidence = { expected: describeBlocks(wanted), actual: describeBlocks(actual), source: "API" };
    // Render may answer other texts for the same addresses.
    if (!wanted.every((block) => isWithin(block, actual)) || !actual.every((block) => isWithin(block, wanted))) {
      return fail(evidence, "The allow list was changed outside Terraform. Deploy again to restore it.");
    }
    if (openToTheWorld(actual).length === 0) return pass(evidence);
    const remedy =
      "Anyone may try passwords. List the addresses in `redis.ipAllowList`, or empty it: inside needs none.";
    const open = { ...evidence, expected: "a list that is not open to the world" };
    return isProduction({ ...expected, name: expected.environment }) ? fail(open, remedy) : warn(open, remedy);
  },
};

function blocks(list: readonly { readonly cidrBlock: string }[]): string[] {
  return list.map(({ cidrBlock }) => cidrBlock);
}

function describeBlocks(list: readonly string[]): string {
  return list.length === 0 ? "nobody" : list.join(", ");
}
