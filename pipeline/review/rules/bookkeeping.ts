import { EFFECTS } from "../../../render/instance.ts";
import { changeOf } from "../../../render/instance-attributes.ts";
import { UNKNOWN } from "../plan/attribute-change.ts";
import { isInstance } from "../plan/instance-change.ts";
import type { ResourceChange } from "../plan/resource-change.ts";
import type { Rule } from "./rule.ts";

const kind = "bookkeeping";

/** The settings that nothing happens to the data by, without the allow list, of which the rules of exposure speak. */
function harmless(change: ResourceChange) {
  return change.attributes.filter(
    ({ attribute, after }) =>
      after !== UNKNOWN &&
      attribute !== "ip_allow_list" &&
      Object.keys(changeOf(attribute)?.changing ?? { unknown: "" }).every((effect) => effect === "none"),
  );
}

export const bookkeeping: readonly Rule[] = [
  {
    kind,
    when: ({ movedFrom, address }) => movedFrom !== undefined && movedFrom !== address,
    says: ({ movedFrom }) => `Only its address in Terraform changes, from ${movedFrom}: ${EFFECTS.none}.`,
  },
  {
    kind,
    when: ({ importedId }) => importedId !== undefined,
    says: ({ importedId }) =>
      `Terraform takes over ${importedId}, which exists already: taking it over has ${EFFECTS.none}.`,
  },
  {
    kind,
    when: (change) => isInstance(change) && change.action === "create",
    says: () => "A new, empty instance is created.",
  },
  {
    kind,
    when: (change) => isInstance(change) && change.action === "update" && harmless(change).length > 0,
    says: () => `Changing this has ${EFFECTS.none} and does not restart the instance.`,
    happened: () => `This was changed; it has ${EFFECTS.none}.`,
    causes: harmless,
  },
  {
    kind,
    when: (change) => change.isDeposed && !isInstance(change),
    says: () => "What an interrupted apply left behind is removed.",
  },
  {
    kind,
    when: ({ type, action }) => type === "render_env_group_link" && action === "create",
    says: () => "The service is linked to the variables.",
  },
];
