import { z } from "zod";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { count, readingInfo } from "../reading.ts";

const HOUR = 3_600;

export const evictions: Check = {
  id: "evictions",
  title: "Nothing evicted",
  proves: "Since the server started, no key and no client was thrown out for lack of memory.",
  applies: always,
  run: readingInfo(
    // Redis counts evicted clients since version 7.
    z.object({ evicted_keys: count, evicted_clients: count.default(0), uptime_in_seconds: count }),
    ({ evicted_keys: keys, evicted_clients: clients, uptime_in_seconds: uptime }) => {
      const since = uptime >= HOUR ? `${(uptime / HOUR).toFixed(1)} h` : `${uptime} s`;
      const evidence = {
        expected: "0 keys, 0 clients",
        actual: `${keys} keys, ${clients} clients in ${since} of uptime`,
        source: "INFO stats",
      };
      if (keys === 0 && clients === 0) return pass(evidence);
      return fail(
        evidence,
        "Data was lost. Set the policy to noeviction, or choose a larger plan; the count goes back to 0 at a restart.",
      );
    },
  ),
};
