import { z } from "zod";
import { always, type Check } from "../check.ts";
import { fail, pass, unknown, warn } from "../finding.ts";
import { readingInfo } from "../reading.ts";

/** What BullMQ refuses to work below, and what it recommends. Valkey began as Redis 7.2. */
const LEAST = 5;
const RECOMMENDED = 6.2;

export const version: Check = {
  id: "version",
  title: "Version",
  proves: "The server is recent enough for Bull and BullMQ.",
  applies: always,
  // Valkey calls itself Redis 7.2.4 for ever, for the sake of old clients; its own number stands beside.
  run: readingInfo(z.object({ valkey_version: z.string().optional(), redis_version: z.string() }), (info) => {
    const { valkey_version: valkey, redis_version: redis } = info;
    const number = Number(/^\d+\.\d+/.exec(valkey ?? redis)?.[0]);
    if (Number.isNaN(number)) return unknown("INFO has no usable version", "Ask Render's support what it runs.");
    const evidence = {
      expected: `Valkey, or Redis ${RECOMMENDED} and above`,
      actual: valkey === undefined ? `Redis ${redis}` : `Valkey ${valkey}`,
      source: "INFO server",
    };
    const remedy = "Render does not upgrade an instance: create a new one and move the data.";
    if (valkey === undefined && number < LEAST) return fail(evidence, remedy);
    return valkey === undefined && number < RECOMMENDED ? warn(evidence, remedy) : pass(evidence);
  }),
};
