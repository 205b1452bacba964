import { z } from "zod";
import { formatMemorySize } from "../../render/memory-size.ts";
import { always, type Check } from "../check.ts";
import { fail, pass, unknown, warn } from "../finding.ts";
import { count, readingInfo } from "../reading.ts";

const REMEDY =
  "Remove finished jobs (removeOnComplete), or choose a larger plan: when memory is full, a queue that never evicts stands still.";

/** A full Redis that never evicts refuses every new job, so there must be room before it is needed. */
export const memoryHeadroom: Check = {
  id: "memory-headroom",
  title: "Memory headroom",
  proves: "There is room for more data before the memory limit.",
  applies: always,
  run: readingInfo(z.object({ used_memory: count, maxmemory: count }), ({ used_memory, maxmemory }, { memoryUse }) => {
    if (maxmemory === 0) return unknown("without a limit there is no headroom", "See memory-limit.");
    const percent = (used_memory / maxmemory) * 100;
    const evidence = {
      expected: `below ${memoryUse.warnPercent} % used`,
      actual: `${percent.toFixed(1)} % used (${formatMemorySize(used_memory)} of ${formatMemorySize(maxmemory)})`,
      source: "INFO memory",
    };
    if (percent >= memoryUse.failPercent) return fail(evidence, REMEDY);
    return percent >= memoryUse.warnPercent ? warn(evidence, REMEDY) : pass(evidence);
  }),
};
