import type { Rule } from "./rule.ts";

/** The provider ends every update of one of these with a deploy. */
const SERVICES = new Set([
  "render_web_service",
  "render_private_service",
  "render_background_worker",
  "render_cron_job",
  "render_static_site",
]);

/** The roll-out that this project does itself is one of its steps: see `steps.ts`. */
export const redeploy: readonly Rule[] = [
  {
    kind: "redeploy",
    when: ({ type, action }) => SERVICES.has(type) && action === "update",
    says: () => "The service is deployed again: the provider ends every update of a service with a deploy.",
    causes: (change) => change.attributes,
  },
];
