import { randomBytes } from "node:crypto";
import type { RedisAddress } from "../../redis/address.ts";
import { Connection, type ConnectionOptions, login } from "../../redis/connection.ts";
import type { FailureKind } from "../../redis/explanations.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { ownName } from "../../redis/own-name.ts";
import type { Reply } from "../../redis/resp.ts";
import { assertLoggedIn } from "../../redis/session.ts";
import { sleep } from "../../runtime/wait.ts";
import type { Answer, CoreObservation } from "./observation.ts";

/** Milliseconds after which the key expires, should the process die before it deletes it. */
const PROBE_TTL_MS = 30_000;
export const PINGS = 5;
/** Several round trips in the time of one: apart enough to be read one by one, near enough to be under way together. */
const PING_SPACING_MS = 1;

/** Replies to PING that are about the whole connection: no later reply says anything about this Redis. */
const FATAL: readonly FailureKind[] = [
  ...(["CLOSED", "TIMEOUT", "STOPPED", "NOT_REDIS", "TLS_EXPECTED"] as const),
  ...(["NOAUTH", "NOT_ALLOWED", "DENIED", "MAX_CLIENTS", "MASTERDOWN"] as const),
];

/**
 * Logs in and asks everything in one write: one round trip after the connection is open.
 *
 * @throws RedisFailure when there is no connection, no login, or no Redis at the other end.
 */
export async function observeCore(address: RedisAddress, options: ConnectionOptions): Promise<CoreObservation> {
  const connection = await Connection.open(address, options);
  try {
    return await askCore(connection, address);
  } finally {
    connection.close();
  }
}

async function askCore(connection: Connection, address: RedisAddress): Promise<CoreObservation> {
  const trial = coreTrial();
  const opening = login(address);
  const pending = connection.send([...opening, ...trial.commands]);
  const latencies = pingSeveralTimes(connection);
  const replies = await pending;
  assertLoggedIn(replies.splice(0, opening.length));
  const core = trial.read(replies);
  return { ...core, latenciesMs: await latencies, ...(connection.tls === undefined ? {} : { tls: connection.tls }) };
}

/** What the core asks, and what it reads in the replies. */
export function coreTrial(): {
  readonly commands: readonly (readonly string[])[];
  /** @throws RedisFailure when there is no Redis at the other end. */
  read(replies: readonly Reply[]): Omit<CoreObservation, "latenciesMs" | "tls">;
} {
  const key = ownName();
  const value = randomBytes(9).toString("base64url");
  return {
    commands: [
      ["PING"],
      ["INFO"],
      ["CONFIG", "GET", "maxmemory-policy"],
      ["SET", key, value, "PX", String(PROBE_TTL_MS), "NX"],
      ["GET", key],
      ["PTTL", key],
      ["DEL", key],
    ],
    read(replies) {
      const [first] = replies;
      if (first instanceof RedisFailure && FATAL.includes(first.kind)) throw first;
      const [ping = NONE, info = NONE, config = NONE, set = NONE, get = NONE, ttl = NONE, deleted = NONE] =
        replies.map(answer);
      return { ping, info, configuredPolicy: config, write: { value, set, get, ttl, deleted } };
    },
  };
}

const NONE: Answer = { failure: "CLOSED" };

async function pingSeveralTimes(connection: Connection): Promise<number[]> {
  const latencies: Promise<number | undefined>[] = [];
  for (let count = 0; count < PINGS; count += 1) {
    await sleep(PING_SPACING_MS);
    latencies.push(timePing(connection));
  }
  return (await Promise.all(latencies)).filter((latency) => latency !== undefined);
}

async function timePing(connection: Connection): Promise<number | undefined> {
  const started = performance.now();
  const [reply] = await connection.send([["PING"]]);
  return reply instanceof RedisFailure ? undefined : performance.now() - started;
}

/** A reply as plain data; of a list (`CONFIG GET`) the last item, which is the value. */
export function answer(reply: Reply): Answer {
  if (reply instanceof RedisFailure) return { failure: reply.kind };
  if (reply === null || typeof reply !== "object") return { reply };
  const last = reply.at(-1);
  return last === undefined ? { reply: null } : answer(last);
}
