import { observingBackend } from "../backend/observing-backend.ts";
import type { Check } from "../check.ts";
import { fail, pass, unknown } from "../finding.ts";

const SOURCE = "API";

export const backendDeploy: Check = {
  id: "backend-deploy",
  title: "Backend rolled out",
  proves: "The deploy that is live began after the last change of what the backend reads.",
  ...observingBackend(({ description: { groupName }, changedAt, deploys }) => {
    const live = deploys.find(({ status }) => status === "live");
    if (changedAt === undefined) {
      const evidence = { expected: `linked to the group "${groupName}"`, actual: "not linked", source: SOURCE };
      return fail(evidence, "Deploy the environment again.");
    }
    const expected = `a live deploy that began after ${changedAt}`;
    if (live === undefined) {
      return unknown(`none of the last ${deploys.length} deploys is live`, "See the service in Render's dashboard.");
    }
    const evidence = { expected, actual: `${live.id}, begun ${live.createdAt}`, source: SOURCE };
    if (Date.parse(live.createdAt) > Date.parse(changedAt)) return pass(evidence);
    return fail(
      evidence,
      "The backend runs with what it had before the change. Roll it out: Manual Deploy in Render's dashboard, " +
        "or terraform apply -replace=null_resource.backend_roll_out.",
    );
  }),
};
