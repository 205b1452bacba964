import { z } from "zod";
import { redisSpelling } from "../../render/spellings.ts";
import { always, type Check } from "../check.ts";
import { type Finding, fail, pass, unknown } from "../finding.ts";
import type { Observation } from "../observation/observation.ts";
import { readInfo } from "../reading.ts";

const REMEDY =
  "Set the policy in the environment file and deploy: Terraform restores it. If the API is right and INFO is not, " +
  "restart the instance in Render's dashboard.";

const infoMemory = z.object({ maxmemory_policy: z.string().min(1) });

/**
 * Three places name the policy, and any two can differ: someone changed it behind Terraform's back, or the running
 * server was not restarted after a change. All three are brought to Redis's spelling.
 */
export const evictionPolicy: Check = {
  id: "eviction-policy",
  title: "Eviction policy",
  proves: "What happens at the memory limit is what the environment says, by the API and by the running server.",
  applies: always,
  run({ expected, instance, live }) {
    const wanted = redisSpelling(expected.evictionPolicy);
    const byApi = instance.options.maxmemoryPolicy.replaceAll("_", "-");
    const apiOnly = { expected: `${wanted} (environment)`, actual: `${byApi} (API)`, source: "API" };
    const observed: { readonly byInfo: string } | Finding =
      "obstacle" in live ? unknown(live.obstacle.reason, live.obstacle.remedy) : policyByInfo(live.observation);
    if ("status" in observed) {
      if (byApi !== wanted) return fail(apiOnly, REMEDY);
      return observed.status === "unknown" ? unknown(observed.reason, observed.remedy, apiOnly) : observed;
    }
    const configured = "observation" in live ? configuredPolicy(live.observation) : undefined;
    const evidence = {
      expected: apiOnly.expected,
      actual: [
        apiOnly.actual,
        `${observed.byInfo} (INFO)`,
        ...(configured === undefined ? [] : [`${configured} (CONFIG)`]),
      ].join(", "),
      source: configured === undefined ? "API, INFO memory" : "API, INFO memory, CONFIG GET",
    };
    const agree = [byApi, observed.byInfo, configured ?? wanted].every((policy) => policy === wanted);
    return agree ? pass(evidence) : fail(evidence, REMEDY);
  },
};

function policyByInfo({ core }: Observation): { readonly byInfo: string } | Finding {
  const info = readInfo(core.info, infoMemory);
  return "missing" in info ? info.missing : { byInfo: info.fields.maxmemory_policy };
}

/** Render forbids CONFIG; where it is allowed it is one more witness. */
function configuredPolicy({ core }: Observation): string | undefined {
  return "reply" in core.configuredPolicy && typeof core.configuredPolicy.reply === "string"
    ? core.configuredPolicy.reply
    : undefined;
}
