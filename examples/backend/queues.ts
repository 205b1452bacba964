import Bull, { type JobCounts, type JobOptions, type Queue } from "bull";
import { Connections, producerOptions, WORKER_OPTIONS } from "./connections.ts";
import { CHANNELS, type Channel, channels, type Message } from "./message.ts";
import type { Sender } from "./sender.ts";

const HOUR_S = 3_600;

const JOB: JobOptions = {
  attempts: 3,
  backoff: { type: "exponential", delay: 2_000 },
  // A finished job takes about 1.2 KB. The guide keeps failed ones for ever, which fills every plan in the end.
  removeOnComplete: { age: HOUR_S, count: 1_000 },
  removeOnFail: { age: 7 * 24 * HOUR_S, count: 1_000 },
};

/** The guide's settings, without its `maxStalledCount` twice. A job may stall more often: sending it again is harmless. */
const SETTINGS = { lockDuration: 30_000, stalledInterval: 5_000, maxStalledCount: 5 };

type Queues = ReadonlyMap<Channel, Queue<Message>>;

/** Adds jobs. It fails fast: see {@link producerOptions}. */
export class Producer {
  readonly connections: Connections;
  readonly #queues: Queues;

  constructor(url: string, timeoutMs: number, onError: (error: Error) => void) {
    this.connections = new Connections(url, producerOptions(timeoutMs), onError);
    this.#queues = openQueues(this.connections);
  }

  /** Fulfilled once Redis has the job. When it is rejected Redis may have it all the same, and may carry it out. */
  async add(message: Message): Promise<void> {
    await this.#queues.get(message.channel)?.add(message, { ...JOB, jobId: message.id });
  }

  /** Jobs by queue and state. @throws Error when Redis does not answer. */
  depth(): Promise<Record<string, JobCounts>> {
    return depthOf(this.#queues);
  }
}

/** Works jobs off, from connections of its own that wait for Redis: see {@link WORKER_OPTIONS}. */
export class Workers {
  readonly #connections: Connections;
  readonly #queues: Queues;

  constructor(url: string, sender: Sender, concurrency: number, onError: (error: Error) => void) {
    this.#connections = new Connections(url, WORKER_OPTIONS, onError);
    this.#queues = openQueues(this.#connections);
    for (const queue of this.#queues.values()) {
      queue.process(concurrency, (job) => sender.send(job.data)).catch(onError);
    }
  }

  depth(): Promise<Record<string, JobCounts>> {
    return depthOf(this.#queues);
  }

  /** Takes no more jobs, and waits for those that it has. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#connections.close();
  }
}

function openQueues({ createClient }: Connections): Queues {
  return new Map(
    channels.map((channel) => {
      const queue = new Bull<Message>(CHANNELS[channel], { createClient, settings: SETTINGS });
      return [channel, queue];
    }),
  );
}

async function depthOf(queues: Queues): Promise<Record<string, JobCounts>> {
  const counted = [...queues].map(async ([channel, queue]) => [CHANNELS[channel], await queue.getJobCounts()] as const);
  return Object.fromEntries(await Promise.all(counted));
}

/** Jobs that failed at every attempt: they are kept, and nothing sends them unless somebody retries them. */
export function failed(depth: Readonly<Record<string, JobCounts>>): number {
  return Object.values(depth).reduce((sum, counts) => sum + counts.failed, 0);
}

/** Jobs that are still to be done. */
export function pending(depth: Readonly<Record<string, JobCounts>>): number {
  return Object.values(depth).reduce((sum, { waiting, active, delayed }) => sum + waiting + active + delayed, 0);
}
