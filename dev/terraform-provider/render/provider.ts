import { z } from "zod";
import { RenderClient } from "../../../render/api/client.ts";
import { PROVIDER_ATTRIBUTES } from "../../../render/terraform-schema.ts";
import { type Diagnostic, DiagnosticError } from "../framework/diagnostic.ts";
import { type Provider, schemaOf } from "../framework/schema.ts";
import { type ObjectValue, UNKNOWN, whenSet } from "../framework/value.ts";
import type { RenderConnection } from "./connection.ts";
import { envGroup } from "./env-group.ts";
import { envGroupLink } from "./env-group-link.ts";
import { keyValue } from "./keyvalue.ts";

/** What the provider uses where the provider block says nothing: an attached provider doesn't see Terraform's environment. */
export interface RenderProviderOptions {
  readonly apiKey: string;
  /** The workspace, `tea-…`. */
  readonly ownerId: string;
  /** The API's address with its version: `http://127.0.0.1:1234/v1`. */
  readonly host: string;
  /** Milliseconds that one call of the API may take in all, retries included. Default 60,000. */
  readonly deadlineMs?: number;
}

// Two of its attributes are about deploys of services, which no resource here has. They are accepted and do nothing.
export const schema = schemaOf(PROVIDER_ATTRIBUTES, {});

const model = z.object({ api_key: whenSet(z.string()), owner_id: whenSet(z.string()) });

/** `render-oss/render` 1.9.1, with the resources that a Redis and the service that uses it need. */
export function renderProvider(options: RenderProviderOptions): Provider<RenderConnection> {
  return {
    schema,
    resources: { render_keyvalue: keyValue, render_env_group: envGroup, render_env_group_link: envGroupLink },
    configure(config, signal) {
      const block = model.parse(config);
      const apiKey = block.api_key ?? options.apiKey;
      const ownerId = block.owner_id ?? options.ownerId;
      const problems = [
        ...credentialProblems(config, "api_key", "Render API Key", "RENDER_API_KEY", apiKey),
        ...credentialProblems(config, "owner_id", "Render Owner ID", "RENDER_OWNER_ID", ownerId),
      ];
      if (problems.length > 0) throw new DiagnosticError(problems);
      const { host, deadlineMs } = options;
      const limits = deadlineMs === undefined ? {} : { deadlineMs };
      return { client: new RenderClient({ apiKey, host, signal, ...limits }), ownerId };
    },
  };
}

function credentialProblems(
  config: ObjectValue,
  attribute: "api_key" | "owner_id",
  title: string,
  variable: string,
  value: string,
): Diagnostic[] {
  const path = [{ attributeName: attribute }];
  if (config[attribute] === UNKNOWN) {
    const detail = `\`${attribute}\` depends on something that is known only after apply. Apply that first, or set ${variable}.`;
    return [{ summary: `Unknown ${title}`, detail, path }];
  }
  if (value !== "") return [];
  const detail = `\`${attribute}\` is missing or empty. Set it in the provider block, or set ${variable}.`;
  return [{ summary: `Missing ${title}`, detail, path }];
}
