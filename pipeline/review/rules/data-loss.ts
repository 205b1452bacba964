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

/** Types of which other rules say what a removal does, or that hold nothing. */
const WITHOUT_DATA = new Set([
  "render_keyvalue",
  "render_redis",
  "render_env_group",
  "render_env_group_link",
  "null_resource",
  "terraform_data",
  "output",
]);

/** Whether removing it may lose data. Of a type that nobody foresaw, that must be assumed. */
function mayHoldData(type: string): boolean {
  return !WITHOUT_DATA.has(type);
}

function holdsDisk({ before }: ResourceChange): boolean {
  return before?.disk !== undefined && before.disk !== null;
}

export const dataLoss: readonly Rule[] = [
  {
    kind,
    when: (change) => isInstance(change) && change.action === "delete",
    says: ({ isDeposed }) =>
      isDeposed
        ? `Irreversible: the instance that an earlier apply replaced is destroyed, which ${EFFECTS.loses}: the jobs that still wait in it.`
        : `Irreversible: the instance is destroyed, which ${EFFECTS.loses}. Render keeps no backup of it.`,
    happened: () => "The instance was deleted. Its data is lost, and its URL no longer answers.",
    acknowledge: always,
  },
  {
    kind,
    when: (change) => isInstance(change) && change.action === "replace" && !change.forgets,
    says: (change) =>
      `Irreversible: a new, empty instance ${EFFECTS.replaces} this one, which ${EFFECTS.loses} and gives a new URL. The old one is destroyed ` +
      `${change.createsFirst ? "once the new one is up" : "first"}.${reasonText(change)}`,
    causes: (change) => causesOf(change, change.replacePaths),
    acknowledge: always,
  },
  {
    kind,
    when: leavesFree,
    says: () => `Irreversible: leaving the plan free ${EFFECTS.loses}. Render starts the paid instance empty.`,
    happened: () => "The instance left the plan free. Its data is lost.",
    causes: (change) => causesOf(change, ["plan"]),
    acknowledge: always,
  },
  {
    kind,
    when: (change) => isUpdate(change) && !leavesFree(change) && changesPersistenceToOrFromOff(change),
    says: () => `Irreversible: switching persistence on or off ${EFFECTS.loses}. Render starts the instance empty.`,
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
    says: () => `Irreversible: the instance does not persist, so the restart ${EFFECTS.loses}.`,
    causes: restartCauses,
    acknowledge: always,
  },
  {
    kind,
    when: ({ type, action }) => mayHoldData(type) && (action === "delete" || action === "replace"),
    says: (change) =>
      `Irreversible: it is ${change.action === "delete" ? "destroyed" : "replaced by a new one"}, and no rule knows what it holds: ` +
      `data may be lost${holdsDisk(change) ? ", that on its disk for certain" : ""}.${reasonText(change)}`,
    happened: ({ action }) => (action === "delete" ? "It was deleted. What it held is lost." : "It was replaced."),
    causes: (change) => causesOf(change, change.replacePaths),
    acknowledge: always,
  },
  {
    kind,
    when: (change) => change.action === "update" && holdsDisk(change) && !change.after?.disk,
    says: () => "Irreversible: its disk is removed, and with it all data on it.",
    happened: () => "Its disk was removed. All data on it is lost.",
    causes: (change) => causesOf(change, ["disk"]),
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
