import { PHRASES, SETTINGS, type Setting } from "../plan/effects.ts";
import { isRefusedDowngrade, isUpdate, restartCauses } from "../plan/instance-change.ts";
import type { ResourceChange } from "../plan/resource-change.ts";
import type { Rule } from "./rule.ts";

/** How long Render says that it takes. One restart does for all settings, so the first that tells speaks for them. */
function duration(change: ResourceChange): string | undefined {
  const causes = restartCauses(change);
  const settings: readonly Setting[] = SETTINGS;
  return settings.find(({ attribute }) => causes.some((cause) => cause.attribute === attribute))?.restart;
}

export const restart: readonly Rule[] = [
  {
    kind: "restart",
    when: (change) => isUpdate(change) && !isRefusedDowngrade(change) && restartCauses(change).length > 0,
    says: (change) => `The instance ${PHRASES.restart}: ${duration(change)}.`,
    causes: restartCauses,
  },
];
