import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { z } from "zod";
import { parseRedisUrl, type RedisAddress } from "../redis/address.ts";
import type { Connection } from "../redis/connection.ts";
import { RedisFailure } from "../redis/failure.ts";
import { parseInfo } from "../redis/info.ts";
import { ask, inSession } from "../redis/session.ts";
import { sleep } from "../runtime/wait.ts";
import type { Program } from "../vantage/program.ts";

/** How the provider that takes the messages is, and how many workers send to it. */
export interface BaselineTask {
  /** Milliseconds that a call of the provider takes. It is only waited for: nothing is sent. */
  readonly latencyMs: number;
  readonly workers: number;
}

const number = z.number().min(0);
const percentiles = z.object({ p50: number, p95: number, p99: number });

/** What was measured. Times are in milliseconds. */
export const baselineSchema = z.object({
  takenAt: z.iso.datetime(),
  latencyMs: number,
  workers: number,
  /** Messages a minute, and how long the caller waits: sent by the caller, and by way of a queue. */
  synchronous: z.object({ perMinute: number, accept: percentiles }),
  queued: z.object({ perMinute: number, accept: percentiles }),
  /** Jobs a second: added one by one, added a hundred at a time, and fetched one by one. */
  single: number,
  bulk: number,
  fetched: number,
  /** A plain SET a second, as redis-benchmark does with one client. */
  floor: number,
  /** Bytes that a waiting job takes; absent where MEMORY USAGE is refused. */
  jobBytes: number.exactOptional(),
  /** Bytes that the memory has; absent without a limit, or where INFO is refused. */
  memory: number.exactOptional(),
});
export type Baseline = z.output<typeof baselineSchema>;

/** Milliseconds that each key lives, should this process be killed before it deletes it. */
const KEYS_LIVE_MS = "120000";
const SYNCHRONOUS = 5;
const QUEUED_PER_WORKER = 6;
const SINGLES = 300;
const BULKS = 10;
const BULK = 100;
/** Bytes: some times what all of the jobs take. With less there is none to spare. */
const ROOM = 8 * 1024 ** 2;

const OTHER_LISTENERS = 20;

/** Adds jobs as Bull and BullMQ do: a hash, and its id in a list. All keys expire. */
const ADD = `
for index = 4, #ARGV do
  local id = redis.call("INCR", KEYS[1])
  local job = KEYS[3] .. ":" .. id
  redis.call("HSET", job, "name", "send", "data", ARGV[index], "opts", "{}", "timestamp", ARGV[2], "delay", "0", "priority", "0")
  redis.call("PEXPIRE", job, ARGV[1])
  redis.call("LPUSH", KEYS[2], id)
end
redis.call("PEXPIRE", KEYS[1], ARGV[1])
redis.call("PEXPIRE", KEYS[2], ARGV[1])
return 1`;
const MESSAGE = JSON.stringify({ to: "+15551230000", template: "welcome", text: "x".repeat(80) });

/** Measures a Redis as a queue of messages, on keys of its own, which it deletes. @throws RedisFailure */
export function measureBaseline(address: RedisAddress, task: BaselineTask, signal: AbortSignal): Promise<Baseline> {
  // Each worker listens to it while it waits.
  setMaxListeners(task.workers + OTHER_LISTENERS, signal);
  return inSession(address, { signal }, async (connection) => {
    const info = await connection
      .send([["INFO"]])
      .then(([reply]) => (typeof reply === "string" ? parseInfo(reply) : {}));
    const memory = Number(info.maxmemory ?? 0);
    if (memory > 0 && memory - Number(info.used_memory ?? 0) < ROOM) throw new RedisFailure("OOM");
    const trial = new Trial(connection, signal);
    try {
      return { ...(await trial.measure(task)), ...(memory === 0 ? {} : { memory }) };
    } finally {
      await trial.clear();
    }
  });
}

class Trial {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  readonly #base = `{render-redis-baseline:${randomBytes(9).toString("base64url")}}`;
  readonly #wait = `${this.#base}:wait`;
  #script = "";

  constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  async measure({ latencyMs, workers }: BaselineTask): Promise<Baseline> {
    this.#script = String(await ask(this.#connection, "SCRIPT", "LOAD", ADD));
    const provider = async () => {
      if (!(await sleep(latencyMs, this.#signal))) throw new RedisFailure("STOPPED");
    };
    const set = ["SET", `${this.#base}:floor`, MESSAGE, "PX", KEYS_LIVE_MS];
    const floor = await timed(SINGLES, () => ask(this.#connection, ...set));
    const single = await timed(SINGLES, () => this.#add(1));
    const [size] = await this.#connection.send([["MEMORY", "USAGE", `${this.#base}:1`, "SAMPLES", "0"]]);
    const bulk = await timed(BULKS, () => this.#add(BULK));
    const fetched = await timed(SINGLES, () => this.#take());
    await this.clear();
    const synchronous = await timed(SYNCHRONOUS, provider);
    const queued = await this.#queue(workers, provider);
    return {
      ...{ takenAt: new Date().toISOString(), latencyMs, workers, queued },
      synchronous: { perMinute: Math.round(synchronous.perSecond * 60), accept: percentilesOf(synchronous.times) },
      single: Math.round(single.perSecond),
      bulk: Math.round(bulk.perSecond * BULK),
      fetched: Math.round(fetched.perSecond),
      floor: Math.round(floor.perSecond),
      ...(typeof size === "number" ? { jobBytes: size + LIST_ENTRY } : {}),
    };
  }

  /** Messages are accepted one after the other while workers send them. */
  async #queue(workers: number, provider: () => Promise<void>): Promise<Baseline["queued"]> {
    const jobs = workers * QUEUED_PER_WORKER;
    const begun = performance.now();
    let sent = 0;
    const accepting = timed(jobs, () => this.#add(1));
    const work = async () => {
      while (sent < jobs) {
        if ((await this.#take()) === null) {
          if (!(await sleep(IDLE_MS, this.#signal))) throw new RedisFailure("STOPPED");
          continue;
        }
        await provider();
        sent += 1;
      }
    };
    const working = Array.from({ length: workers }, work);
    const { times } = await accepting;
    await Promise.all(working);
    return { perMinute: Math.round(jobs / ((performance.now() - begun) / 60_000)), accept: percentilesOf(times) };
  }

  async #add(jobs: number): Promise<void> {
    const messages = Array.from({ length: jobs }, () => MESSAGE);
    const keys = [`${this.#base}:id`, this.#wait, this.#base];
    const words = [KEYS_LIVE_MS, String(Date.now()), String(jobs), ...messages];
    await ask(this.#connection, "EVALSHA", this.#script, "3", ...keys, ...words);
  }

  /** Fetches a job and deletes it. */
  async #take(): Promise<string | null> {
    const id = await ask(this.#connection, "RPOP", this.#wait);
    if (typeof id !== "string") return null;
    const key = `${this.#base}:${id}`;
    const [job] = await this.#connection.send([
      ["HGETALL", key],
      ["UNLINK", key],
    ]);
    if (job instanceof RedisFailure) throw job;
    return id;
  }

  /** Deletes all that is left. */
  async clear(): Promise<void> {
    const [last] = await this.#connection.send([["GET", `${this.#base}:id`]]);
    const keys = Array.from({ length: Number(last) || 0 }, (_, index) => `${this.#base}:${index + 1}`);
    await this.#connection.send([["UNLINK", `${this.#base}:id`, this.#wait, `${this.#base}:floor`, ...keys]]);
  }
}

/** Bytes of an id in a list. */
const LIST_ENTRY = 8;
const IDLE_MS = 5;

async function timed(times: number, act: () => Promise<unknown>) {
  const taken: number[] = [];
  const begun = performance.now();
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    await act();
    taken.push(performance.now() - began);
  }
  return { times: taken, perSecond: times / ((performance.now() - begun) / 1_000) };
}

function percentilesOf(times: readonly number[]): z.output<typeof percentiles> {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Measures a baseline, from any vantage. */
export function baseline(task: BaselineTask): Program<Baseline> {
  return {
    here: (url, { signal, via }) => measureBaseline({ ...parseRedisUrl(url), via }, task, signal),
    script: async () => {
      const { buildScript } = await import("../vantage/build-script.ts");
      return buildScript(new URL("./baseline-probe.ts", import.meta.url));
    },
    task: { ...task },
    answer: baselineSchema,
  };
}
