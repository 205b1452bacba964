import { EFFECTS } from "../../../render/instance.ts";
import { changeOf } from "../../../render/instance-attributes.ts";
import { UNKNOWN } from "../plan/attribute-change.ts";
import { isInstance } from "../plan/instance-change.ts";
import type { ResourceChange } from "../plan/resource-change.ts";
import { configuredAddress } from "../plan/terraform-plan.ts";
import type { Rule, RuleContext } from "./rule.ts";

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

function isMoved({ movedFrom, address }: ResourceChange): boolean {
  return movedFrom !== undefined && movedFrom !== address;
}

/** Whether synthesis moves it, as a field `formerly` asks: whatever else happens to it is told by itself. */
function isRename({ movedFrom = "", address }: ResourceChange, renames: RuleContext["renames"]): boolean {
  return renames.get(configuredAddress(movedFrom)) === configuredAddress(address);
}

function movedText({ movedFrom }: ResourceChange): string {
  return `Its address in Terraform changes, from ${movedFrom}: ${EFFECTS.none}.`;
}

export const bookkeeping: readonly Rule[] = [
  {
    kind,
    when: (change, { renames }) => isMoved(change) && isRename(change, renames),
    says: movedText,
  },
  {
    kind: "weaker",
    when: (change, { renames }) => isMoved(change) && !isRename(change, renames),
    says: movedText,
    acknowledge: () => true,
  },
  {
    kind: "weaker",
    when: ({ importedId }) => importedId !== undefined,
    says: (change, { changes }) => {
      const { importedId } = change;
      const former = changes.find(({ address, before }) => address !== change.address && before?.id === importedId);
      if (former?.action === "forget") {
        return `The same instance under a new address: Terraform knows ${importedId} as ${change.address}, no longer as ${former.address}. Taking it over has ${EFFECTS.none}.`;
      }
      if (former?.action === "delete") {
        return `Terraform takes over ${importedId} and destroys it in the same plan, as ${former.address}. Remove that with a block \`removed\` and \`destroy = false\`.`;
      }
      return `Terraform takes over ${importedId}, which exists already: taking it over has ${EFFECTS.none}.`;
    },
    acknowledge: () => true,
  },
  {
    kind: "weaker",
    when: (change) => change.action === "forget" && !isInstance(change) && change.type !== "null_resource",
    says: () => "Terraform forgets it. It stays on Render and is no longer managed here.",
    acknowledge: () => true,
  },
  {
    kind: "new",
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
