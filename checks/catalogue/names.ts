import type { Check } from "../check.ts";
import type { NamesSeen } from "../observation/names.ts";
import type { Result } from "../report.ts";
import { fail, pass, unknown } from "../result.ts";

// Whether something else has our names: a call that got no answer may have made it, and nobody would notice.

export const singleInstance: Check = {
  id: "single-instance",
  title: "Single instance",
  proves: "In the workspace and region the instance's name is only on what the Terraform state knows.",
  about: "names",
  run: ({ names }) => judge(names.instance),
};

export const singleGroup: Check = {
  id: "backend-single-group",
  title: "Service's single group",
  proves: "In the workspace the name of the service's group is only on what the Terraform state knows.",
  about: "service",
  skip: ({ names }) => (names.group === undefined ? "no service is known" : undefined),
  run: ({ names }) => judge(names.group),
};

function judge(seen: NamesSeen | undefined): Result {
  if (seen === undefined) return unknown("nobody looked", "Run the checks again.");
  if ("obstacle" in seen) return unknown(seen.obstacle.reason, seen.obstacle.remedy);
  const { what, ids, report } = seen;
  const evidence = {
    expected: `one ${what}`,
    actual: ids.length === 0 ? "none" : ids.join(", "),
    // A single one was not looked up in the state.
    source: ids.length > 1 ? "API, state" : "API",
  };
  return report === undefined ? pass(evidence) : fail({ ...evidence, actual: report.reason }, report.remedy);
}
