import { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";

/**
 * Refuses every plan and apply in a shell that is set up for another Render: `TF_VAR_emulator`, which the exports of Render on
 * this machine set, and nothing else does.
 */
export function requireRender(scope: Construct, emulator: boolean, refusal: string): void {
  new TerraformVariable(scope, "variable.emulator", {
    type: "string",
    description: "Set by the exports of Render on this machine, and by nothing else",
    nullable: false,
    default: "",
    validation: [{ condition: `\${var.emulator ${emulator ? "==" : "!="} "true"}`, errorMessage: refusal }],
  }).overrideLogicalId("emulator");
}
