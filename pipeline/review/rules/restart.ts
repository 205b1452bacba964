import { EFFECTS } from "../../../render/instance.ts";
import { ATTRIBUTES } from "../../../render/instance-attributes.ts";
import { isRefusedDowngrade, isUpdate, restartCauses } from "../plan/instance-change.ts";
import type { ResourceChange } from "../plan/resource-change.ts";
import type { Rule } from "./rule.ts";

/** How long Render says that it takes. One restart does for all settings, so the first that tells speaks for them. */
function duration(change: ResourceChange): string | undefined {
  const causes = restartCauses(change);
  return [...ATTRIBUTES].find(([name]) => causes.some(({ attribute }) => attribute === name))?.[1].away;
}

/** The provider ends every update of one of these with a deploy. */
const SERVICES = new Set([
  "render_web_service",
  "render_private_service",
  "render_background_worker",
  "render_cron_job",
  "render_static_site",
]);

/** What does not answer for a while. The roll-out that this project does itself is one of its steps: see `steps.ts`. */
export const restart: readonly Rule[] = [
  {
    kind: "restart",
    when: (change) => isUpdate(change) && !isRefusedDowngrade(change) && restartCauses(change).length > 0,
    says: (change) => `The instance ${EFFECTS.restarts}. ${duration(change)}.`,
    causes: restartCauses,
  },
  {
    kind: "redeploy",
    when: ({ type, action }) => SERVICES.has(type) && action === "update",
    says: () => "The service is deployed again: the provider ends every update of a service with a deploy.",
    causes: (change) => change.attributes,
  },
];
