import { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import { SERVICE_ID, SERVICE_ID_FORM, serviceIdVariable, whereIdIsSet } from "../render/service.ts";

/**
 * A service's id, left to the person who deploys: `TF_VAR_<key>_service_id`.
 *
 * The default is a value that the validation refuses. Without a default Terraform would ask for one at a prompt that
 * `cdktf deploy` never shows, and wait for ever; so a missing id is an error at once, and so is a malformed one.
 */
export function serviceIdFromShell(scope: Construct, key: string): string {
  const name = serviceIdVariable(key);
  const { field, variable: shell } = whereIdIsSet(key);
  const variable = new TerraformVariable(scope, name, {
    type: "string",
    description: `The id of the existing ${key} service on Render (srv-…, or crn-… of a cron job)`,
    nullable: false,
    default: "",
    validation: [
      {
        condition: `\${can(regex("${SERVICE_ID.source}", var.${name}))}`,
        errorMessage: `The ${key}'s service id must be ${SERVICE_ID_FORM}. Set ${field} in the environment file, or ${shell}. Render's dashboard shows it in the service's address.`,
      },
    ],
  });
  return variable.stringValue;
}
