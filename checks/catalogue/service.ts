import { serviceLine } from "../../render/service-line.ts";
import type { Check } from "../check.ts";
import { judging, service } from "../judging.ts";
import type { EffectiveVariable } from "../observation/service.ts";
import { fail, pass, unknown, warn } from "../result.ts";

// Whether the service reads what it was given, and answers.

export const serviceVariables: Check = {
  id: "backend-variables",
  title: "Service's variables",
  proves: "Every variable of the environment has, service over groups, the value that the environment gives it.",
  about: "service",
  run: judging(service, ({ description: { name, groupName }, variables }) => {
    const keys = variables.map(({ key }) => key).join(", ");
    const evidence = (shown: readonly EffectiveVariable[]) => {
      return {
        expected: `${keys} from the group "${groupName}"`,
        actual: shown.map(describe).join(", "),
        source: "API",
      };
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
    return pass({ ...evidence([]), actual: `${keys} as set` });
  }),
};

function describe({ key, from, asExpected }: EffectiveVariable): string {
  if (from === undefined) return `${key} is not set`;
  const where = from === "service" ? "set on the service itself" : `from the group "${from.group}"`;
  return `${key} ${where}, with ${asExpected ? "the same" : "another"} value`;
}

const ROLL_OUT =
  "Roll the service out: Manual Deploy in Render's dashboard, or terraform apply -replace=null_resource.backend_roll_out.";

export const serviceLinks: Check = {
  id: "backend-linked-alone",
  title: "Service's group is its own",
  proves: "The service's group is linked to nothing that the environment's file does not name.",
  about: "service",
  run: judging(service, ({ description: { name, groupName, uses }, groupCreatedAt, otherLinks }) => {
    if (groupCreatedAt === undefined) return unknown(`${name} is not linked to "${groupName}"`, "See backend-deploy.");
    const evidence = { expected: `only ${name} linked to "${groupName}"`, source: "API" };
    if (otherLinks.length === 0) return pass({ ...evidence, actual: `only ${name}` });
    const others = otherLinks.map(({ id, name: other }) => `${other} (${id})`).join(", ");
    const lines = otherLinks.map((link) => serviceLine(link, uses)).join(" ");
    return warn(
      { ...evidence, actual: `${others} linked in the dashboard; not in the file` },
      `The next deploy unlinks it. Add it to \`services\` in the environment's file, with a group of its own: ${lines}`,
    );
  }),
};

export const serviceDeploy: Check = {
  id: "backend-deploy",
  title: "Service deployed",
  proves:
    "A deploy is live that was created after the group. Whether it has read the latest change, only the roll-out proves: " +
    "Render does not show when a group's variables changed.",
  about: "service",
  skip({ service: seen }) {
    const state = seen !== undefined && "state" in seen ? seen.state : undefined;
    if (state?.type !== "cron_job" || state.groupCreatedAt === undefined) return undefined;
    const last = state.lastRunAt === undefined ? "no run is known yet" : `the last one ended ${state.lastRunAt}`;
    return `${state.description.name} is a cron job: its next run reads the variables (${last})`;
  },
  run: judging(service, ({ description: { groupName }, groupCreatedAt, deploys }) => {
    const source = "API";
    const live = deploys.find(({ status }) => status === "live");
    if (groupCreatedAt === undefined) {
      const evidence = { expected: `linked to the group "${groupName}"`, actual: "not linked", source };
      return fail(evidence, "Deploy the environment again.");
    }
    if (live === undefined) {
      return unknown(`none of the last ${deploys.length} deploys is live`, "See the service in Render's dashboard.");
    }
    if (live.createdAt === "") {
      return unknown(`Render does not say when ${live.id}, which is live, was created`, ROLL_OUT);
    }
    const expected = `a live deploy, created after the group "${groupName}" (${groupCreatedAt})`;
    const actual = `${live.id}, created ${live.createdAt}`;
    if (Date.parse(live.createdAt) <= Date.parse(groupCreatedAt)) {
      return fail({ expected, actual, source }, `It is older than what the service is to read. ${ROLL_OUT}`);
    }
    const limit = "Render does not show when the group's variables last changed";
    return pass({ expected, actual: `${actual} (${limit})`, source });
  }),
};

export const serviceHealth: Check = {
  id: "backend-health",
  title: "Service answers",
  proves: "The service answers on its health path.",
  about: "service",
  observes: "health",
  skip({ service: seen }) {
    const state = seen !== undefined && "state" in seen ? seen.state : undefined;
    const none = state !== undefined && state.health === undefined;
    return none ? "the environment names no health path (healthPath)" : undefined;
  },
  run: judging(service, ({ description: { name, healthPath = "" }, health }) => {
    if (health === undefined) return unknown("it was not asked", "Run the checks again.");
    if ("reason" in health) return unknown(health.reason, health.remedy);
    const evidence = {
      expected: `${healthPath} answers with success`,
      actual: `${health.outcome} after ${(health.milliseconds / 1_000).toFixed(1)} s`,
      source: `GET ${healthPath}`,
    };
    if (health.well) return pass(evidence);
    return fail(evidence, `See the log of ${name} in Render's dashboard. Is ${healthPath} its health path?`);
  }),
};
