import Bull from "bull";
import type { StartTrial } from "./trial.ts";

/** Bull, given a `rediss://` URL, drops the TLS without a word; so it gets clients instead. */
export const tryBull: StartTrial = (clients, name) => {
  const queue = new Bull<{ question: number }>(name, {
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
    // Without it Bull goes on asking a connection that is closed, and leaves the process no time for anything else.
    end: () => void queue.close(true).catch(() => {}),
  };
};
