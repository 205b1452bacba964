import { EFFECTS } from "../../../render/instance.ts";
import {
  changesPersistenceToOrFromOff,
  isInstance,
  isUpdate,
  leavesFree,
  restartCauses,
} from "../plan/instance-change.ts";
import { causesOf, type ResourceChange, reasonText, textOf } from "../plan/resource-change.ts";
import type { Rule } from "./rule.ts";

const kind = "data-loss";
const always = () => true;

/** Whether the plan removes the instance's protection. */
function removesProtection({ address, before, after }: ResourceChange): boolean {
  return address === "output.deletion_protection" && before?.value === true && after?.value !== true;
}

export const dataLoss: readonly Rule[] = [
  {
    kind,
    when: (change) => isInstance(change) && change.action === "delete",
    says: ({ isDeposed }) =>
      isDeposed
        ? `The instance that an earlier apply replaced is destroyed, which ${EFFECTS.loses}: the jobs that still wait in it.`
        : `The instance is destroyed, which ${EFFECTS.loses}. Render keeps no backup of it.`,
    happened: () => "The instance was deleted. Its data is lost, and its URL no longer answers.",
    acknowledge: always,
  },
  {
    kind,
    when: (change) => isInstance(change) && change.action === "replace" && !change.forgets,
    says: (change) =>
      `A new, empty instance ${EFFECTS.replaces} this one, which ${EFFECTS.loses} and gives a new URL. The old one is destroyed ` +
      `${change.createsFirst ? "once the new one is up" : "first"}.${reasonText(change)}`,
    causes: (change) => causesOf(change, change.replacePaths),
    acknowledge: always,
  },
  {
    kind,
    when: leavesFree,
    says: () => `Leaving the plan free ${EFFECTS.loses}: Render starts the paid instance empty.`,
    happened: () => "The instance left the plan free. Its data is lost.",
    causes: (change) => causesOf(change, ["plan"]),
    acknowledge: always,
  },
  {
    kind,
    when: (change) => isUpdate(change) && !leavesFree(change) && changesPersistenceToOrFromOff(change),
    says: () => `Switching persistence on or off ${EFFECTS.loses}: Render starts the instance empty.`,
    happened: () => "Persistence was switched on or off. The instance's data is lost.",
    causes: (change) => causesOf(change, ["persistence_mode"]),
    acknowledge: always,
  },
  {
    kind,
    when: (change) =>
      isUpdate(change) &&
      !leavesFree(change) &&
      !changesPersistenceToOrFromOff(change) &&
      textOf(change.before, "persistence_mode") === "off" &&
      restartCauses(change).length > 0,
    says: () => `The instance does not persist, so the restart ${EFFECTS.loses}.`,
    causes: restartCauses,
    acknowledge: always,
  },
  {
    kind,
    when: removesProtection,
    says: (_change, { changes }) =>
      changes.some((other) => isInstance(other) && (other.action === "delete" || other.action === "replace"))
        ? "The instance's protection is removed together with the instance: only this review prevents the loss."
        : `The instance's protection is removed: from now on a plan can destroy or replace it, which ${EFFECTS.loses}.`,
    causes: (change) => change.attributes,
    acknowledge: always,
  },
];
