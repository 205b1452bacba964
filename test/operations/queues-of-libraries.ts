import Bull from "bull";
import { Queue as Queue6, Worker as Worker6 } from "bullmq";
import { Queue as Queue5, Worker as Worker5 } from "bullmq5";

/** Jobs that a library has completed and kept, and others that wait and are delayed. */
export interface Filled {
  readonly completed: number;
  readonly waiting: number;
  readonly delayed: number;
}

const DATA = { to: "+15551230000", text: "x".repeat(200) };
const LATER = 3_600_000;

type Fill = (port: number, name: string, filled: Filled) => Promise<void>;

const many = (jobs: number) => Array.from({ length: jobs }, () => ({ name: "send", data: DATA }));

/** What is used of the two versions of BullMQ. */
interface BullMq {
  readonly Queue: new (
    name: string,
    options: { connection: object },
  ) => {
    add(name: string, data: object, options: object): Promise<unknown>;
    addBulk(jobs: { name: string; data: object }[]): Promise<unknown>;
    getCompletedCount(): Promise<number>;
    close(): Promise<void>;
  };
  readonly Worker: new (
    name: string,
    process: () => Promise<string>,
    options: { connection: object; concurrency: number },
  ) => { close(): Promise<void> };
}

async function fillBullMq(
  { Queue, Worker }: BullMq,
  port: number,
  name: string,
  { completed, waiting, delayed }: Filled,
): Promise<void> {
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  await queue.addBulk(many(completed));
  const worker = new Worker(name, async () => "sent", { connection, concurrency: 50 });
  while ((await queue.getCompletedCount()) < completed) await new Promise((resolve) => setTimeout(resolve, 10));
  await worker.close();
  await queue.addBulk(many(waiting));
  for (let job = 0; job < delayed; job += 1) await queue.add("send", DATA, { delay: LATER });
  await queue.close();
}

/** Each library, at work on a queue. */
export const LIBRARIES: Readonly<Record<"Bull" | "BullMQ 5" | "BullMQ 6", Fill>> = {
  async Bull(port, name, { completed, waiting, delayed }) {
    const queue = new Bull(name, { redis: { host: "127.0.0.1", port } });
    await queue.addBulk(many(completed));
    void queue.process("send", 50, async () => "sent");
    while ((await queue.getCompletedCount()) < completed) await new Promise((resolve) => setTimeout(resolve, 10));
    await queue.pause(true, false);
    await queue.addBulk(many(waiting));
    for (let job = 0; job < delayed; job += 1) await queue.add("send", DATA, { delay: LATER });
    await queue.close();
  },
  "BullMQ 5": (port, name, filled) => fillBullMq({ Queue: Queue5, Worker: Worker5 }, port, name, filled),
  "BullMQ 6": (port, name, filled) => fillBullMq({ Queue: Queue6, Worker: Worker6 }, port, name, filled),
};
