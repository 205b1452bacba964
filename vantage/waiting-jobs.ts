import { z } from "zod";
import { parseRedisUrl } from "../redis/address.ts";
import { countWaitingJobs, type WaitingJobs } from "../redis/waiting-jobs.ts";
import type { Program } from "./program.ts";

export type { WaitingJobs };

/** Counts the jobs that wait in a Redis. */
export const waitingJobs: Program<WaitingJobs> = {
  here: (url, { signal, via }) => countWaitingJobs({ ...parseRedisUrl(url), via }, signal),
  script: async () => {
    const { buildScript } = await import("./build-script.ts");
    return buildScript(new URL("./waiting-jobs-probe.ts", import.meta.url));
  },
  task: {},
  answer: z.record(z.string(), z.number()),
};
