import { knownPlan } from "../../render/plans.ts";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";

const SOURCE = "API";

export const identity: Check = {
  id: "identity",
  title: "Identity",
  proves: "Name, region, plan, eviction policy and persistence are by Render's API what the environment says.",
  applies: always,
  run({ expected, instance }) {
    const fields = [
      { field: "name", wanted: expected.name, actual: instance.name },
      { field: "region", wanted: expected.region, actual: instance.region },
      { field: "plan", wanted: expected.plan, actual: planName(instance.plan, expected.plan) },
      { field: "eviction policy", wanted: expected.evictionPolicy, actual: instance.options.maxmemoryPolicy },
      { field: "persistence", wanted: expected.persistence, actual: instance.options.persistenceMode },
    ];
    const drift = fields.filter(({ wanted, actual }) => wanted !== actual);
    if (drift.length === 0) {
      const actual = [instance.id, ...fields.map((field) => field.actual)].join(", ");
      return pass({ expected: "as the environment says", actual, source: SOURCE });
    }
    return fail(
      {
        expected: drift.map(({ field, wanted }) => `${field} ${wanted}`).join(", "),
        actual: drift.map(({ field, actual }) => `${field} ${actual}`).join(", "),
        source: SOURCE,
      },
      "It was changed outside Terraform, or another instance was meant (--instance). Deploy again to restore it.",
    );
  },
};

/** Render may answer with a plan's newer name; the API's `custom` stands for every plan made by contract. */
function planName(byApi: string, expected: string): string {
  if (byApi === "custom" && expected.startsWith("Custom")) return expected;
  return knownPlan(byApi) ?? byApi;
}
