import { observingBackend } from "../backend/observing-backend.ts";
import type { Check } from "../check.ts";
import { fail, pass, unknown } from "../finding.ts";

export const backendHealth: Check = {
  id: "backend-health",
  title: "Backend answers",
  proves: "The backend answers on its health path.",
  ...observingBackend(
    ({ description: { name, healthPath = "" }, health }) => {
      if (health === undefined) return unknown("it was not asked", "Run the checks again.");
      const seconds = (health.milliseconds / 1_000).toFixed(1);
      const evidence = {
        expected: `${healthPath} answers with success`,
        actual: `${health.outcome} after ${seconds} s`,
        source: `GET ${healthPath}`,
      };
      if (health.well) return pass(evidence);
      return fail(evidence, `See the log of ${name} in Render's dashboard. Is ${healthPath} its health path?`);
    },
    ({ health }) => (health === undefined ? "the environment names no health path: backend.healthPath" : true),
  ),
};
