import Bull from "bull";
import type { CompleteJob } from "./try-libraries.ts";

/** Bull, given a `rediss://` URL, drops the TLS without a word; so it gets clients instead. */
export const completeWithBull: CompleteJob = async (clients, queue) => {
  const bull = new Bull<{ question: number }>(queue, {
    createClient: () => clients.connect() as never,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  // The clients report their errors themselves.
  bull.on("error", () => {});
  const completed = new Promise<unknown>((resolve, reject) => {
    bull.on("completed", (_job, result: unknown) => resolve(result));
    bull.on("failed", (_job, error) => reject(error));
  });
  completed.catch(() => {});
  void bull.process(async (job) => job.data.question + 1).catch(() => {});
  await bull.add({ question: 41 });
  if ((await completed) !== 42) throw new RangeError("the job came back with another result");
  await bull.pause(true, true);
  await bull.obliterate({ force: true });
  // Ends its timers; the clients are ended by who made them.
  void bull.close(true).catch(() => {});
};
