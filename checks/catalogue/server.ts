import { z } from "zod";
import { planFacts } from "../../render/plans.ts";
import { always, type Check } from "../check.ts";
import { fail, pass, warn } from "../finding.ts";
import { count, readingInfo } from "../reading.ts";

/** More clients than one backend's queues need; a leak shows here long before the limit. */
const MANY = 50;
const WARN_SHARE = 0.7;
const FAIL_SHARE = 0.9;

const REMEDY =
  "Look for clients that are opened for each request or never closed (CLIENT LIST), or choose a larger plan.";

export const connections: Check = {
  id: "connections",
  title: "Connections",
  proves: "There are connections left for more clients, and nobody was turned away.",
  applies: always,
  run: readingInfo(
    z.object({ connected_clients: count, maxclients: count.optional(), rejected_connections: count }),
    ({ connected_clients: connected, maxclients, rejected_connections: rejected }, { expected }) => {
      const limits = [maxclients, planFacts(expected.plan)?.connections].filter((limit) => limit !== undefined);
      const limit = Math.min(...limits);
      const of = Number.isFinite(limit) ? ` of ${limit}` : "";
      const evidence = {
        expected: `at most ${MANY} and below ${WARN_SHARE * 100} % of the limit, none rejected`,
        actual: `${connected}${of}, ${rejected} rejected`,
        source: "INFO clients, plan",
      };
      if (connected >= limit * FAIL_SHARE) return fail(evidence, REMEDY);
      return connected > MANY || connected >= limit * WARN_SHARE || rejected > 0
        ? warn(evidence, REMEDY)
        : pass(evidence);
    },
  ),
};
