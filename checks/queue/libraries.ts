import { randomBytes } from "node:crypto";
import Bull from "bull";
import { Queue, Worker } from "bullmq";
import type { RedisAddress } from "../../redis/address.ts";
import type { Answer, LibraryObservation } from "../observation/observation.ts";
import { Clients } from "./clients.ts";

/** A library at work on a queue of its own. */
interface Trial {
  /** Takes a job that adds one to 41 through the queue, leaves nothing behind, and answers with the result. */
  complete(): Promise<unknown>;
  /** Ends everything that the library still does. */
  end(): void;
}

/** Of keys. Bull's is its own default, which does not hold a queue's keys together on a cluster. */
const PREFIXES = { Bull: "bull", BullMQ: "{render-redis-check}" } as const;

type StartTrial = (clients: Clients, queue: string) => Trial;

/** Bull silently drops the TLS of a `rediss://` URL, so it gets clients instead. */
const tryBull: StartTrial = (clients, name) => {
  const queue = new Bull<{ question: number }>(name, {
    prefix: PREFIXES.Bull,
    createClient: () => clients.connect() as never,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  // The clients report their errors themselves.
  queue.on("error", () => {});
  return {
    async complete() {
      const completed = new Promise<unknown>((resolve, reject) => {
        queue.on("completed", (_job, result: unknown) => resolve(result));
        queue.on("failed", (_job, error) => reject(error));
      });
      completed.catch(() => {});
      void queue.process(async (job) => job.data.question + 1).catch(() => {});
      await queue.add({ question: 41 });
      const answer = await completed;
      await queue.pause(true, true);
      await queue.obliterate({ force: true });
      return answer;
    },
    // Without it Bull keeps asking a closed connection, and leaves the process no time for anything else.
    end: () => void queue.close(true).catch(() => {}),
  };
};

/** BullMQ, with a worker of its own and a client for each, as it demands. */
const tryBullMq: StartTrial = (clients, name) => {
  const options = { prefix: PREFIXES.BullMQ, skipVersionCheck: true };
  const queue = new Queue<{ question: number }, number>(name, { ...options, connection: clients.connect() });
  const worker = new Worker<{ question: number }, number>(name, async (job) => job.data.question + 1, {
    ...options,
    connection: clients.connect(),
  });
  // The clients report their errors themselves.
  queue.on("error", () => {});
  worker.on("error", () => {});
  return {
    async complete() {
      const completed = new Promise<unknown>((resolve, reject) => {
        worker.on("completed", (_job, result) => resolve(result));
        worker.on("failed", (_job, error) => reject(error));
      });
      completed.catch(() => {});
      await queue.add("question", { question: 41 }, { removeOnComplete: true, removeOnFail: true });
      const answer = await completed;
      await worker.close(true);
      await queue.obliterate({ force: true });
      return answer;
    },
    end: () => void Promise.allSettled([worker.close(true), queue.close()]),
  };
};

const LIBRARIES: Readonly<Record<LibraryObservation["library"], StartTrial>> = {
  Bull: tryBull,
  BullMQ: tryBullMq,
};

/** Takes a job through one of the libraries. Never rejects. */
export async function outcomeOf(library: LibraryObservation["library"], address: RedisAddress): Promise<Answer> {
  const queue = `render-redis-check-${randomBytes(9).toString("hex")}`;
  const clients = new Clients(address, `${PREFIXES[library]}:${queue}`);
  let trial: Trial | undefined;
  try {
    trial = LIBRARIES[library](clients, queue);
    const answer = await Promise.race([trial.complete(), clients.failed]);
    return answer === 42 ? { reply: "OK" } : { failure: "ERR" };
  } catch (error) {
    return { failure: clients.classify(error).kind };
  } finally {
    trial?.end();
    clients.close();
  }
}
