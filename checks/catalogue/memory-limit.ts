import { z } from "zod";
import { formatMemorySize } from "../../render/memory-size.ts";
import { planFacts } from "../../render/plans.ts";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { count, readingInfo } from "../reading.ts";

/** Render may keep part of a plan's memory for the server itself, so the limit need not be the plan to the byte. */
const SMALLEST_SHARE = 0.75;
const LARGEST_SHARE = 1.05;

const SOURCE = "INFO memory";

export const memoryLimit: Check = {
  id: "memory-limit",
  title: "Memory limit",
  proves: "The server may use the memory that the plan pays for, and knows where it ends.",
  applies: always,
  run: readingInfo(z.object({ maxmemory: count }), ({ maxmemory }, { expected }) => {
    const plan = planFacts(expected.plan);
    const wanted =
      plan === undefined ? `a limit (plan ${expected.plan})` : `${formatMemorySize(plan.memory)} (plan ${plan.name})`;
    if (maxmemory === 0) {
      return fail(
        { expected: wanted, actual: "no limit (maxmemory 0)", source: SOURCE },
        "Without a limit the server is killed when memory runs out. Restart it in Render's dashboard, or tell its support.",
      );
    }
    const evidence = { expected: wanted, actual: formatMemorySize(maxmemory), source: SOURCE };
    const share = plan === undefined ? 1 : maxmemory / plan.memory;
    if (share >= SMALLEST_SHARE && share <= LARGEST_SHARE) return pass(evidence);
    return fail(
      evidence,
      "The instance runs with another plan's memory. Deploy again; if it stays, tell Render's support.",
    );
  }),
};
