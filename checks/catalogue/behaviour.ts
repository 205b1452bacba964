import { z } from "zod";
import { explain, type FailureKind } from "../../redis/explanations.ts";
import { mayEvict, queuesOf } from "../../render/instance.ts";
import { NEVER_EVICT, type QueueLibrary, redisSpelling } from "../../render/spellings.ts";
import type { Check, CheckContext } from "../check.ts";
import { count, experiment, info, judging, notAnswered, redis, Unseen } from "../judging.ts";
import { NEEDS } from "../observation/library-commands.ts";
import type { Answer } from "../observation/observation.ts";
import type { Evidence, Result } from "../report.ts";
import { fail, pass, unknown, warn } from "../result.ts";

// Whether the Redis does what it is for, by trial.

/** These speak of the moment, not of what was tried. */
const FOR_NOW: readonly FailureKind[] = ["BUSY", "LOADING"];
/** These, too, or of the connection. */
const ABOUT_THE_CONNECTION: readonly FailureKind[] = ["CLOSED", "TIMEOUT", "STOPPED", ...FOR_NOW];

/** What a command's failure says: nothing where the connection broke, else that the Redis does not do it. */
function failed(command: string, failure: FailureKind, tried: { readonly expected: string; readonly source: string }) {
  if (ABOUT_THE_CONNECTION.includes(failure)) return notAnswered(command, failure).result;
  const { what, remedy } = explain(failure);
  return fail({ ...tried, actual: `${command}: ${what} (${failure})` }, remedy);
}

type Step = readonly [command: string, answer: Answer, right: (reply: string | number | null) => boolean];

export const readWrite: Check = {
  id: "read-write",
  title: "Reads and writes",
  proves: "A value can be written with a time to live, read back, and deleted.",
  run: judging(redis, ({ core: { write } }, context): Result => {
    const tried = {
      expected: "what was written, with a time to live, until it is deleted",
      source: "SET, GET, PTTL, DEL",
    };
    const steps: readonly Step[] = [
      ["SET", write.set, (reply) => reply === "OK"],
      ["GET", write.get, (reply) => reply === write.value],
      ["PTTL", write.ttl, (reply) => Number(reply) > 0],
      ["DEL", write.deleted, (reply) => reply === 1],
    ];
    for (const [command, answer] of steps) {
      if ("failure" in answer) return failed(command, answer.failure, tried);
    }
    const wrong = steps.find(([, answer, right]) => "reply" in answer && !right(answer.reply));
    if (wrong === undefined) return pass({ ...tried, actual: "written, read, expiring, deleted" });
    if (wrong[0] !== "SET" && isFullCache(context)) return evictedAtOnce(context, tried);
    return fail(
      { ...tried, actual: `${wrong[0]} gave another answer` },
      "What answers does not keep data: is a proxy or cache in between?",
    );
  }),
};

const MEMORY = info({ used_memory: count, maxmemory: count });

/** Whether it evicts when something is written. */
function isFullCache(context: CheckContext): boolean {
  const memory = MEMORY(context);
  if (memory instanceof Unseen || !mayEvict(context.expected)) return false;
  return memory.maxmemory > 0 && memory.used_memory >= memory.maxmemory * ALMOST;
}

/** The share of its limit from which on a value of some bytes may be one too many: memory is counted in pieces. */
const ALMOST = 0.99;

/** `volatile-ttl` evicts first what expires first. Under the other policies something else should have been evicted. */
function evictedAtOnce({ expected: { evictionPolicy } }: CheckContext, tried: Omit<Evidence, "actual">): Result {
  const policy = redisSpelling(evictionPolicy);
  const evidence = { ...tried, actual: `written, and evicted at once by ${policy}: the memory is full` };
  if (evictionPolicy === "volatile_ttl") return pass(evidence);
  return warn(
    evidence,
    `Nothing else could be evicted: ${policy} ${evictionPolicy.startsWith("volatile") ? "keeps what has no time to live. Give keys one, or set `redis.evictionPolicy` to `allkeys_lru`." : "left what is used more. Choose a larger plan."}`,
  );
}

/** The setting may be hidden or wrong. Fill the memory and see. */
export const evictionProof: Check = {
  id: "eviction-proof",
  title: "Never evicts, by trial",
  proves: "With its memory full, the server refuses writes and keeps every key.",
  observes: "proof",
  skip({ prove, expected }) {
    if (expected.evictionPolicy !== NEVER_EVICT) return `the environment wants ${expected.evictionPolicy}`;
    return prove === "no" ? "not asked for: `checks.prove` in the environment file fills each new instance" : undefined;
  },
  run: judging(experiment("proof"), (proof, { prove }): Result => {
    const source = "filling the memory";
    if ("refused" in proof) {
      if (prove === "in a deploy") return { status: "skip", reason: `only a new instance is filled: ${proof.refused}` };
      const remedy = "Set `checks.prove`: a new instance is then filled in its deploy, before anything is stored.";
      return unknown(`refused: ${proof.refused}`, remedy);
    }
    if ("failure" in proof) return notAnswered(source, proof.failure).result;
    const { canary, created, grown, alive, evicted } = proof;
    if (!Number.isInteger(evicted)) return unknown("INFO does not count evicted keys", "Rely on eviction-policy.");
    const refused = "failure" in canary && canary.failure === "OOM";
    const evidence = {
      expected: "writes refused (OOM), nothing evicted",
      actual: `writes ${refused ? "refused (OOM)" : "accepted"}, ${evicted} evicted, ${alive} of ${created} keys left`,
      source,
    };
    if (evicted > 0 || alive < created) {
      return fail(evidence, "Accepted jobs would be lost. Set the policy to noeviction.");
    }
    // A server that evicts, with nothing left to evict, refuses writes too: something must have grown before.
    if (refused && grown > 0) return pass(evidence);
    const remedy = "Rely on eviction-policy, or try a larger plan.";
    return unknown("inconclusive: the memory was not filled", remedy, evidence);
  }),
};

export const pubSub: Check = {
  id: "pub-sub",
  title: "Publish and subscribe",
  proves: "A message published on one connection arrives on another, which is how Bull tells its workers.",
  role: "queue",
  observes: "pubSub",
  run: judging(experiment("pubSub"), ({ delivered }) => {
    const tried = { expected: "the message arrives", source: "SUBSCRIBE, PUBLISH" };
    if (!("failure" in delivered)) return pass({ ...tried, actual: "it arrived" });
    if (FOR_NOW.includes(delivered.failure)) return notAnswered(tried.source, delivered.failure).result;
    const { what, remedy } = explain(delivered.failure);
    return fail({ ...tried, actual: `${what} (${delivered.failure})` }, remedy);
  }),
};

/** A command, and the libraries that send it: `KEYS (dramatiq)`. */
function namedBy(queues: readonly QueueLibrary[], command = "commands"): string {
  const senders = queues.filter((library) => NEEDS[library].sends.some((text) => text.split(" ")[0] === command));
  return senders.length === 0 ? command : `${command} (${senders.join(", ")})`;
}

const NAMES = { bull: "Bull", bullmq: "BullMQ" } as const;

const cluster = info({ cluster_enabled: z.string() });

/**
 * From outside, a job goes through Bull and through BullMQ themselves. Inside Render's network the libraries are not at
 * hand, and it goes through the commands that they are made of.
 */
export const queue: Check = {
  id: "queue",
  title: "Queues work",
  proves: "What the queues' libraries send is allowed; with Bull and BullMQ a job is added, taken and completed.",
  role: "queue",
  observes: "queue",
  skip({ expected }) {
    return queuesOf(expected).length === 0
      ? "the environment names no library whose queues are in it (queues)"
      : undefined;
  },
  run: judging(experiment("queue"), ({ commands, libraries = [] }, context): Result => {
    const queues = queuesOf(context.expected);
    const own = (["bull", "bullmq"] as const).filter((library) => queues.includes(library)).map((name) => NAMES[name]);
    const others = queues.filter((library) => library !== "bull" && library !== "bullmq").join(", ");
    const job =
      libraries.length === 0 ? `the commands of ${own.join(" and ")}` : `${own.join(", ")} and their commands`;
    const tried =
      own.length === 0
        ? { expected: "every command that they send is allowed", source: `the commands of ${others}` }
        : {
            expected: "a job is added, processed and completed",
            source: others === "" ? job : `${job}, the commands of ${others}`,
          };
    const outcomes = [
      { name: namedBy(queues, commands.command), outcome: commands },
      ...libraries.map(({ library, outcome }) => ({ name: library, outcome })),
    ];
    for (const { name, outcome } of outcomes) {
      if ("failure" in outcome) return failed(name, outcome.failure, tried);
    }
    // What was tried has its prefix in braces. A queue without them does not work there.
    const mode = cluster(context);
    if (!(mode instanceof Unseen) && mode.cluster_enabled === "1") {
      return fail({ ...tried, actual: "cluster mode (cluster_enabled:1)" }, explain("CROSSSLOT").remedy);
    }
    return pass({ ...tried, actual: own.length === 0 ? "all allowed" : "added, processed, completed" });
  }),
};
