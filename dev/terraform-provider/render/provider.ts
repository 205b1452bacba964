import { z } from "zod";
import { PROVIDER_ATTRIBUTES } from "../../../render/terraform-schema.ts";
import { type Diagnostic, DiagnosticError } from "../framework/diagnostic.ts";
import { type Provider, schemaOf } from "../framework/schema.ts";
import { type ObjectValue, UNKNOWN, whenSet } from "../framework/value.ts";
import { Api, limiter } from "./api.ts";
import type { RenderConnection } from "./connection.ts";
import { envGroup } from "./env-group.ts";
import { envGroupLink } from "./env-group-link.ts";
import { keyValue } from "./keyvalue.ts";

/** The variables that the provider reads, of the shell that Terraform runs in. */
export interface RenderVariables {
  readonly RENDER_API_KEY?: string | undefined;
  readonly RENDER_OWNER_ID?: string | undefined;
  readonly RENDER_HOST?: string | undefined;
}

export interface RenderProviderOptions {
  readonly variables: RenderVariables;
  /** Whether it sends no more than six requests a second, as the real one does. */
  readonly limited: boolean;
  /** Fires when the process that Terraform started ends. */
  readonly ended: AbortSignal;
}

// Two of its attributes are about deploys of services, which no resource here has. They are accepted and do nothing.
export const schema = schemaOf(PROVIDER_ATTRIBUTES, {});

const model = z.object({ api_key: whenSet(z.string()), owner_id: whenSet(z.string()) });

/** `render-oss/render` 1.9.1, with the resources that a Redis and the service that uses it need. */
export function renderProvider({ variables, limited, ended }: RenderProviderOptions): Provider<RenderConnection> {
  const turn = limited ? limiter() : async () => {};
  return {
    schema,
    resources: { render_keyvalue: keyValue, render_env_group: envGroup, render_env_group_link: envGroupLink },
    configure(config, signal) {
      const unknown = [
        ...unknownProblem(config, "api_key", "API Key", "RENDER_API_KEY"),
        ...unknownProblem(config, "owner_id", "Owner ID", "RENDER_OWNER_ID"),
      ];
      if (unknown.length > 0) throw new DiagnosticError(unknown);
      const block = model.parse(config);
      const apiKey = block.api_key ?? variables.RENDER_API_KEY ?? "";
      const ownerId = block.owner_id ?? variables.RENDER_OWNER_ID ?? "";
      const missing = [
        ...(apiKey === "" ? [missingProblem("api_key", "Render API Key", "host", "RENDER_API_KEY")] : []),
        ...(ownerId === "" ? [missingProblem("owner_id", "Render Owner ID", "username", "RENDER_OWNER_ID")] : []),
      ];
      if (missing.length > 0) throw new DiagnosticError(missing);
      const host = variables.RENDER_HOST || "https://api.render.com/v1";
      return { api: new Api({ host, apiKey, signal, ended, turn }), ownerId };
    },
  };
}

function unknownProblem(config: ObjectValue, attribute: string, title: string, variable: string): Diagnostic[] {
  if (config[attribute] !== UNKNOWN) return [];
  const detail =
    "The provider cannot create the Render API client as there is an unknown configuration value. Either target apply the " +
    `source of the value first, set the value statically in the configuration, or use the ${variable} environment variable.`;
  return [{ summary: `Unknown ${title}`, detail, path: [{ attributeName: attribute }] }];
}

/** The real one names the wrong field ("the host value", "the username value"), and so do people who report it. */
function missingProblem(attribute: string, title: string, field: string, variable: string): Diagnostic {
  const detail =
    `The provider cannot create the Render API Client as there is a missing or empty value for the ` +
    `${attribute === "api_key" ? title : "owner ID"}. Set the ${field} value in the configuration or use the ${variable} ` +
    "environment variable. If either is already set, ensure the value is not empty.";
  return { summary: `Missing ${title}`, detail, path: [{ attributeName: attribute }] };
}
