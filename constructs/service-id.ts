import { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";

/**
 * The service's id, left to the person who deploys: `TF_VAR_backend_service_id`.
 *
 * The default is a value that the validation refuses. Without a default Terraform would ask for one at a prompt that
 * `cdktf deploy` never shows, and wait for ever; so a missing id is an error at once, and so is a malformed one.
 */
export function serviceIdVariable(scope: Construct): string {
  const name = "backend_service_id";
  const variable = new TerraformVariable(scope, name, {
    type: "string",
    description: "The id of the existing backend service on Render (srv-…)",
    nullable: false,
    default: "",
    validation: [
      {
        condition: `\${can(regex("^srv-[a-z0-9]{20}$", var.${name}))}`,
        errorMessage: `The backend's service id must be "srv-" and 20 letters or digits. Set backend.serviceId in the environment file, or TF_VAR_${name}. Render's dashboard shows it in the service's address.`,
      },
    ],
  });
  return variable.stringValue;
}
