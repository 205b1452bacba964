import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalRender } from "../emulator/emulator.ts";

/** What a shell needs so that Terraform, cdktf and this project work against a local Render. */
export function exportsOf(render: LocalRender, reattach: string | undefined): Record<string, string> {
  return {
    RENDER_HOST: render.host,
    RENDER_API_KEY: render.apiKey,
    RENDER_OWNER_ID: render.ownerId,
    ...(reattach === undefined ? {} : { TF_REATTACH_PROVIDERS: reattach }),
    TF_VAR_backend_service_id: render.backendServiceId,
    NODE_EXTRA_CA_CERTS: render.caFile,
    // Nothing is asked for and nothing is sent home.
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
    CDKTF_SKIP_PROVIDER_LOCK: "true",
  };
}

/** Writes them as a file to `source`. It holds the API key. Gives its path. */
export function writeExports(directory: string, variables: Readonly<Record<string, string>>): string {
  const file = join(directory, "exports.sh");
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  writeFileSync(`${file}.new`, lines.join(""), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return file;
}

function quote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
