import { RedisFailure } from "../../redis/failure.ts";
import { ownName } from "../../redis/own-name.ts";
import type { Reply } from "../../redis/resp.ts";
import { assertLoggedIn } from "../../redis/session.ts";
import type { KeyValue } from "../../render/api/endpoints.ts";
import { knownPlan, planFacts } from "../../render/plans.ts";
import type { QueueLibrary } from "../../render/spellings.ts";
import type { Closing, Exchange, Exchanged } from "../../vantage/exchange.ts";
import type { Dialogue } from "../../vantage/program.ts";
import { answer, coreTrial, PINGS } from "./core.ts";
import { queueSteps, wrongIn } from "./experiments.ts";
import { infoIn, judged, keysIn, LARGEST, MB, PROBE_TTL_MS, SLACK_MS, STEP, whyNot, writes } from "./filling.ts";
import type { Answer, CoreObservation, Experiment, Observation, ProofObservation } from "./observation.ts";

/** A part of the look: what is exchanged, and what it shows. */
interface Part<Seen> {
  readonly exchanges: readonly (Exchange | Closing)[];
  /** @throws RedisFailure where there was no answer. */
  read(exchanged: readonly Exchanged[], by: string): Seen;
}

/** The proof before the others: it fills the memory, and runs only while nobody else is connected. */
const PARTS = ["core", "proof", "stranger", "pubSub", "queue"] as const;

/**
 * What `observe` sees, for an image without Node: all that is sent is settled before, and what it means is read here. So any
 * language that can open a connection sees the same.
 */
export function observationDialogue(
  experiments: readonly Experiment[],
  queues: readonly QueueLibrary[],
  { plan }: KeyValue,
): Dialogue<Observation> {
  const isAsked = (name: (typeof PARTS)[number]) => name === "core" || experiments.includes(name);
  const parts = { core: core(), proof: proof(plan), stranger: stranger(), pubSub: pubSub(), queue: queue(queues) };
  return {
    exchanges: PARTS.filter(isAsked).flatMap((name) => parts[name].exchanges),
    read(all, by) {
      const left = [...all];
      const tookMs: NonNullable<Observation["tookMs"]> = {};
      const take = <Seen>(name: (typeof PARTS)[number], part: Part<Seen>, failed: (failure: RedisFailure) => Seen) => {
        if (!isAsked(name)) return undefined;
        const exchanged = left.splice(0, part.exchanges.length);
        tookMs[name] = Math.round(exchanged.reduce((sum, { milliseconds = 0 }) => sum + milliseconds, 0));
        try {
          return part.read(exchanged, by);
        } catch (error) {
          return failed(RedisFailure.fromSocket(error));
        }
      };
      const failure = ({ kind }: RedisFailure) => ({ failure: kind });
      const seen = take("core", parts.core, (error) => {
        throw error;
      });
      if (seen === undefined) throw new RedisFailure("CLOSED");
      const proven = take("proof", parts.proof, failure);
      const strange = take("stranger", parts.stranger, failure);
      const published = take("pubSub", parts.pubSub, (error) => ({ delivered: failure(error) }));
      const commands = take("queue", parts.queue, (error) => ({ command: "AUTH", ...failure(error) }));
      const queued = commands === undefined ? undefined : { commands };
      return { core: seen, proof: proven, stranger: strange, pubSub: published, queue: queued, tookMs };
    },
  };
}

function core(): Part<CoreObservation> {
  const { commands, read } = coreTrial();
  const pings = Array.from({ length: PINGS }, () => ({ on: "a", send: [["PING"]] }));
  return {
    exchanges: [{ on: "a", send: commands, goesOn: "patient" }, ...pings, { close: "a" }],
    read([first, ...rest], by) {
      const replies = repliesTo(first);
      if (replies.length < commands.length && replies[0] instanceof RedisFailure) throw replies[0];
      const answered = rest.slice(0, PINGS).filter(({ replies: [pong = null] }) => typeof pong === "string");
      const latenciesMs = answered.map(({ milliseconds }) => milliseconds).filter((time) => time !== undefined);
      const clockless = answered.length > 0 && latenciesMs.length === 0;
      const untimed = clockless ? { untimed: `this ${by} has no clock that is fine enough` } : {};
      return { ...read(replies), latenciesMs, ...untimed };
    },
  };
}

/** Without quotes, the last thing in what INFO says: how many keys there are. */
const KEYS = (count: number) => `#.Keyspace@db0:keys=${count},[^@]*@@$`;
const ALONE_AND_EMPTY = "connected_clients:1@.*maxmemory:[1-9][0-9]{4,8}@.*[$]12@#.Keyspace@@$";

/** As `proveEviction` does it. The size that the plan has is known before; what no longer fits is refused. */
function proof(plan: KeyValue["plan"]): Part<ProofObservation> {
  const known = knownPlan(plan);
  const memory = (known && planFacts(known)?.memory) ?? LARGEST;
  const size = memory > LARGEST ? 0 : Math.ceil((memory / MB + 1) / STEP) * STEP;
  const name = ownName();
  const [key, canary] = [`${name}:%`, `${name}:canary`];
  const steps = Array.from({ length: size / STEP }, (_, index) => index * STEP);
  return {
    exchanges: [
      { on: "f", send: [["INFO"], ["INFO", "keyspace"]], goesOn: { where: ALONE_AND_EMPTY } },
      ...steps.map((from) => ({
        ...{ on: "f", many: { from, to: from + STEP, commands: writes([key]) }, sendLast: [["INFO"]] },
        goesOn: { where: KEYS(from + STEP) },
      })),
      {
        ...{ on: "f", send: [["SET", canary, "x", "PX", String(PROBE_TTL_MS)]] },
        many: {
          from: 0,
          to: size,
          commands: [
            ["EXISTS", key],
            ["DEL", key],
          ],
        },
        sendLast: [
          ["INFO", "stats"],
          ["DEL", canary],
        ],
        goesOn: "last",
      },
      { close: "f" },
    ],
    read(exchanged) {
      const [before, ...filling] = exchanged.slice(0, -1).map(repliesTo);
      const info = infoIn(before?.[0] ?? new RedisFailure("CLOSED"));
      const refused = whyNot(info);
      if (refused !== undefined) return { refused };
      const last = filling.pop() ?? [];
      if (last.length === 0) throw new RedisFailure("CLOSED");
      const written = filling.filter((replies) => replies.length > 0).map((replies) => replies.slice(0, -1));
      const infos = filling.filter((replies) => replies.length > 0).map((replies) => infoIn(replies.at(-1)));
      const guests = infos.some((later, index) => {
        const more = Number(later.total_connections_received) > Number(info.total_connections_received);
        return more || keysIn(later) > (index + 1) * STEP;
      });
      if (guests) return { refused: "another client came while it was filled" };
      const took = exchanged.reduce((sum, { milliseconds = 0 }) => sum + milliseconds, 0);
      if (took > PROBE_TTL_MS - SLACK_MS) throw new RedisFailure("TIMEOUT");
      const exists = last.slice(1, -2).filter((_, index) => index % 2 === 0);
      return judged(info, written.flat(), [last[0] ?? null, ...exists, ...last.slice(-2)]);
    },
  };
}

function stranger(): Part<Answer> {
  return {
    exchanges: [{ on: "B", send: [["PING"]] }, { close: "B" }],
    read: ([ping]) => answer(repliesTo(ping)[0] ?? null),
  };
}

function pubSub(): Part<NonNullable<Observation["pubSub"]>> {
  const [channel, message] = [ownName(), ownName()];
  return {
    exchanges: [
      { on: "c", send: [["SUBSCRIBE", channel]] },
      { on: "d", send: [["PUBLISH", channel, message]] },
      { on: "c" },
      ...[{ close: "c" }, { close: "d" }],
    ],
    read([subscribed, published, arrived]) {
      for (const [reply] of [repliesTo(subscribed), repliesTo(published)])
        if (reply instanceof RedisFailure) throw reply;
      const arrival = answer(repliesTo(arrived)[0] ?? null);
      if ("failure" in arrival) return { delivered: arrival };
      return { delivered: arrival.reply === message ? { reply: "OK" } : { failure: "NOT_REDIS" } };
    },
  };
}

function queue(queues: readonly QueueLibrary[]): Part<NonNullable<Observation["queue"]>["commands"]> {
  const all = queueSteps(queues);
  return {
    exchanges: [...all.map((steps) => ({ on: "e", send: steps.map(([command]) => command) })), { close: "e" }],
    read(exchanged) {
      for (const [index, steps] of all.entries()) {
        const wrong = wrongIn(steps, repliesTo(exchanged[index]));
        if (wrong !== undefined) return wrong;
      }
      return { reply: "OK" };
    },
  };
}

/** @throws RedisFailure when the login before it was refused. */
function repliesTo(exchanged: Exchanged | undefined): readonly Reply[] {
  if (exchanged?.login !== undefined) assertLoggedIn([exchanged.login]);
  return exchanged?.replies ?? [];
}
