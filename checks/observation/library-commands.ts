import type { Reply } from "../../redis/resp.ts";
import type { QueueLibrary } from "../../render/spellings.ts";

/** One command of a queue, and whether its reply is right. */
export type QueueStep = readonly [command: readonly string[], right: (reply: Reply) => boolean];

/** What a library is known to need of a Redis. What it does without on an older or stricter server is not in it. */
interface Need {
  /** The version of Redis that it refuses to work below, and the one that it asks for. */
  readonly least: number;
  readonly good: number;
  /** What it sends, `$` for a key. Of Bull and BullMQ a job is tried instead. */
  readonly sends: readonly string[];
}

const SCRIPTS = ["SCRIPT LOAD return", `EVALSHA ${"0".repeat(40)} 1 $`];

export const NEEDS: Readonly<Record<QueueLibrary, Need>> = {
  bull: { least: 5, good: 6.2, sends: [] },
  bullmq: { least: 5, good: 6.2, sends: [] },
  celery: {
    ...{ least: 0, good: 0 },
    sends: [
      ...["LPUSH $ x", "BRPOP $ 1", "LLEN $", "RPUSH $ x", "LRANGE $ 0 -1", "SADD $ x", "SREM $ x", "SMEMBERS $"],
      ...["ZADD $ 1 x", "ZREM $ x", "ZREVRANGEBYSCORE $ 1 0", "ZCOUNT $ 0 1", "HSET $ f x", "HGET $ f", "HDEL $ f"],
      ...["SET $ x NX PX 1", "SETEX $ 1 x", "GET $", "MGET $", "INCR $", "EXPIRE $ 1", "PEXPIRE $ 1", "EXISTS $"],
      ...["DEL $", "PUBLISH $ x", "SUBSCRIBE $", "PSUBSCRIBE $", "UNSUBSCRIBE $", ...SCRIPTS],
    ],
  },
  sidekiq: {
    ...{ least: 6.2, good: 7 },
    sends: [
      ...["INFO", "LPUSH $ x", "RPUSH $ x", "BRPOP $ 1", "LLEN $", "LRANGE $ 0 -1", "LINDEX $ 0", "SADD $ x"],
      ...["SREM $ x", "SCARD $", "SISMEMBER $ x", "SSCAN $ 0", "ZADD $ 1 x", "ZREM $ x", "ZCARD $", "ZSCAN $ 0"],
      ...["ZRANGE $ -inf 1 BYSCORE LIMIT 0 1", "ZREMRANGEBYSCORE $ 0 1", "ZREMRANGEBYRANK $ 0 1", "ZPOPMIN $"],
      ...["ZINCRBY $ 1 x", "HSET $ f x", "HGET $ f", "HMGET $ f", "HGETALL $", "HSETNX $ f x", "HINCRBY $ f 1"],
      ...["GET $", "SET $ x", "INCRBY $ 1", "EXPIRE $ 1", "UNLINK $", ...SCRIPTS],
    ],
  },
  rq: {
    ...{ least: 5, good: 5 },
    sends: [
      ...["INFO", "RPUSH $ x", "LPUSH $ x", "BLPOP $ 1", "LPOP $", "LREM $ 1 x", "LRANGE $ 0 -1", "LLEN $"],
      ...["SADD $ x", "SREM $ x", "SMEMBERS $", "SCARD $", "ZADD $ 1 x", "ZREM $ x", "ZRANGE $ 0 -1", "ZSCORE $ x"],
      ...["ZCARD $", "ZRANGEBYSCORE $ 0 1", "ZREMRANGEBYSCORE $ 0 1", "HSET $ f x", "HGET $ f", "HGETALL $"],
      ...["HEXISTS $ f", "HINCRBY $ f 1", "HINCRBYFLOAT $ f 1", "EXISTS $", "EXPIRE $ 1", "PERSIST $", "GET $"],
      ...["SET $ x NX EX 1", "DEL $", "XADD $ * f x", "XREVRANGE $ + -", "XLEN $", "PUBLISH $ x", "SUBSCRIBE $"],
      ...SCRIPTS,
    ],
  },
  dramatiq: {
    ...{ least: 0, good: 0 },
    sends: [
      // Its script looks for what dead workers have left by KEYS, which a strict server refuses.
      ...["KEYS $", "HSET $ f x", "HGET $ f", "HMGET $ f", "HDEL $ f", "HEXISTS $ f", "HLEN $", "RPUSH $ x", "LPOP $"],
      ...["SADD $ x", "SREM $ x", "SCARD $", "SMEMBERS $", "ZADD $ 1 x", "ZREM $ x", "ZRANGEBYSCORE $ 0 1", "DEL $"],
      ...["LPUSH $ x", "PEXPIRE $ 1", "BRPOPLPUSH $ $ 1", ...SCRIPTS],
    ],
  },
};

/**
 * The commands of these libraries, as one transaction that is given up: a server says of each whether it has it and allows it,
 * and runs none of them. Nothing is written, and KEYS does not go through a million keys.
 *
 * @param key A name of our own.
 */
export function librarySteps(libraries: readonly QueueLibrary[], key: string): readonly QueueStep[] {
  const sent = [...new Set(libraries.flatMap((library) => NEEDS[library].sends))];
  if (sent.length === 0) return [];
  const isDone = (reply: Reply) => reply === "OK";
  return [
    [["WATCH", key], isDone],
    [["MULTI"], isDone],
    ...sent.map((text): QueueStep => {
      return [text.split(" ").map((word) => (word === "$" ? key : word)), (reply) => reply === "QUEUED"];
    }),
    [["DISCARD"], isDone],
  ];
}
