import { posix } from "node:path";
import type { StateBackendProps } from "../constructs/state-backend.ts";
import { type Encryption, PASSPHRASE, type State } from "../environments/state.ts";
import { separated } from "../render/field.ts";

/** From a stack's directory (cdktf.out/stacks/<name>) up to the directory that holds cdktf.out. */
const TO_PROJECT = "../../..";

/** What Terraform must not ask, or send, a store that speaks S3 and is not Amazon's: each of them fails there. */
const COMPATIBLE = {
  skipCredentialsValidation: true,
  skipMetadataApiCheck: true,
  skipRegionValidation: true,
  skipRequestingAccountId: true,
  skipS3Checksum: true,
  usePathStyle: true,
} as const;

/** OpenTofu's block for what it encrypts, as Terraform's JSON; references among it must be bare names. */
export function encryptionBlock({ key, migrating }: Encryption): Record<string, unknown> {
  const { type, ...rest } = key;
  const [provider, settings] = {
    passphrase: ["pbkdf2", { passphrase: `\${var.${PASSPHRASE}}` }] as const,
    aws_kms: ["aws_kms", { ...named(rest), key_spec: "AES_256" }] as const,
    gcp_kms: ["gcp_kms", { ...named(rest), key_length: 32 }] as const,
  }[type];
  const method = "method.aes_gcm.state";
  const use = migrating ? { method, fallback: { method: "method.unencrypted.migrating" } } : { method, enforced: true };
  return {
    key_provider: { [provider]: { state: settings } },
    method: {
      aes_gcm: { state: { keys: `\${key_provider.${provider}.state}` } },
      ...(migrating ? { unencrypted: { migrating: {} } } : {}),
    },
    state: use,
    plan: use,
  };
}

/** Terraform's settings for where an environment keeps its state. */
export function stateSettings(state: State): StateBackendProps {
  switch (state.type) {
    case "local":
      // Terraform runs in the stack's directory, which synthesis may remove; the state is kept outside.
      return { type: "local", settings: { path: posix.join(TO_PROJECT, localPath(state)) } };
    case "hcp": {
      const { organization, workspace, hostname } = state;
      return { type: "cloud", settings: named({ organization, workspaces: { name: workspace }, hostname }) };
    }
    case "s3": {
      const { type, endpoint, encryption: _, ...rest } = state;
      return {
        type,
        settings: named(endpoint === undefined ? rest : { ...rest, ...COMPATIBLE, endpoints: { s3: endpoint } }),
      };
    }
    default: {
      const { type, encryption: _, ...rest } = state;
      return { type, settings: named(rest) };
    }
  }
}

/** The file of a local state, from the project's directory. */
export function localPath({ path }: Extract<State, { type: "local" }>): string {
  return path.replaceAll("\\", "/");
}

/** By Terraform's names, without what is left out. */
function named(settings: object): Record<string, unknown> {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [separated(name, "_"), value]));
}
