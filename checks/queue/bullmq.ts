import { Queue, Worker } from "bullmq";
import type { CompleteJob } from "./try-libraries.ts";

/** BullMQ, with a worker of its own and a client for each, as it demands. */
export const completeWithBullMq: CompleteJob = async (clients, name) => {
  const options = { prefix: "{render-redis-check}", skipVersionCheck: true };
  const queue = new Queue<{ question: number }, number>(name, { ...options, connection: clients.connect() });
  const worker = new Worker<{ question: number }, number>(name, async (job) => job.data.question + 1, {
    ...options,
    connection: clients.connect(),
  });
  // The clients report their errors themselves.
  queue.on("error", () => {});
  worker.on("error", () => {});
  const completed = new Promise<number>((resolve, reject) => {
    worker.on("completed", (_job, result) => resolve(result));
    worker.on("failed", (_job, error) => reject(error));
  });
  completed.catch(() => {});
  await queue.add("question", { question: 41 }, { removeOnComplete: true, removeOnFail: true });
  if ((await completed) !== 42) throw new RangeError("the job came back with another result");
  await worker.close(true);
  await queue.obliterate({ force: true });
};
