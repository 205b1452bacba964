import type { OtherInstance } from "../../other-instances.ts";
import { makesInstance } from "../plan/instance-change.ts";
import { type ResourceChange, textOf } from "../plan/resource-change.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** Instances that have the name already; Render lets several have it. */
function namesakes(change: ResourceChange, { others }: RuleContext): OtherInstance[] {
  const name = textOf(change.after, "name");
  return makesInstance(change) ? others.filter((other) => other.name === name) : [];
}

export const duplicate: readonly Rule[] = [
  {
    kind: "duplicate",
    when: (change, context) => namesakes(change, context).length > 0,
    says: (change, context) => {
      const ids = namesakes(change, context).map(({ id }) => id);
      return (
        `Render has an instance of this name already, which Terraform does not know: ${ids.join(", ")}. An apply that was killed left ` +
        "it behind, or somebody made it by hand. This makes one more. To take it over instead: " +
        `terraform -chdir=cdktf.out/stacks/${context.environment} import ${change.address} ${ids[0]}; if nobody needs it, delete it.`
      );
    },
    acknowledge: () => true,
  },
];
