import type { EffectiveVariable } from "../backend/effective-variables.ts";
import { observingBackend } from "../backend/observing-backend.ts";
import type { Check } from "../check.ts";
import { fail, pass, warn } from "../finding.ts";

export const backendVariables: Check = {
  id: "backend-variables",
  title: "Backend's variables",
  proves: "Every variable of the environment has, service over groups, the value that the environment gives it.",
  ...observingBackend(({ description, variables }) => {
    const { name, groupName } = description;
    const expected = `${variables.map(({ key }) => key).join(", ")} from the group "${groupName}"`;
    const evidence = (shown: readonly EffectiveVariable[]) => {
      return { expected, actual: shown.map(describe).join(", "), source: "API" };
    };
    const wrong = variables.filter(({ asExpected }) => !asExpected);
    const hidden = variables.filter(({ from }) => from === "service");
    if (wrong.length > 0) {
      const remedy = wrong.some(({ from }) => from === "service")
        ? `Remove it from ${name} itself in Render's dashboard, where it wins over the group, then deploy again.`
        : "The group or its link was changed outside Terraform. Deploy again to restore it.";
      return fail(evidence(wrong), remedy);
    }
    if (hidden.length > 0) {
      return warn(evidence(hidden), `Remove it from ${name} itself: the next change of the group would not reach it.`);
    }
    return pass({ expected, actual: `${variables.map(({ key }) => key).join(", ")} as set`, source: "API" });
  }),
};

function describe({ key, from, asExpected }: EffectiveVariable): string {
  if (from === undefined) return `${key} is not set`;
  const where = from === "service" ? "set on the service itself" : `from the group "${from.group}"`;
  return `${key} ${where}, with ${asExpected ? "the same" : "another"} value`;
}
