import { Queue, Worker } from "bullmq";
import type { StartTrial } from "./trial.ts";

/** BullMQ, with a worker of its own and a client for each, as it demands. */
export const tryBullMq: StartTrial = (clients, name) => {
  const options = { prefix: "{render-redis-check}", skipVersionCheck: true };
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
