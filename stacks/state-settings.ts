import { posix } from "node:path";
import type { StateBackendProps } from "../constructs/state-backend.ts";
import type { State } from "../environments/state.ts";

/** From a stack's directory (cdktf.out/stacks/<name>) up to the directory that holds cdktf.out. */
const TO_PROJECT = "../../..";

/** Terraform's settings for where an environment keeps its state. */
export function stateSettings(state: State): StateBackendProps {
  switch (state.type) {
    case "local":
      // Terraform runs in the stack's directory, which synthesis may remove; the state is kept outside.
      return { type: "local", settings: { path: posix.join(TO_PROJECT, state.path.replaceAll("\\", "/")) } };
    case "s3":
      return {
        type: "s3",
        settings: {
          bucket: state.bucket,
          key: state.key,
          region: state.region,
          encrypt: state.encrypt,
          use_lockfile: state.useLockfile,
          ...(state.endpoint === undefined ? {} : { endpoints: { s3: state.endpoint } }),
          ...(state.kmsKeyId === undefined ? {} : { kms_key_id: state.kmsKeyId }),
        },
      };
    case "gcs":
      return { type: "gcs", settings: { bucket: state.bucket, prefix: state.prefix } };
    case "azurerm":
      return {
        type: "azurerm",
        settings: {
          resource_group_name: state.resourceGroupName,
          storage_account_name: state.storageAccountName,
          container_name: state.containerName,
          key: state.key,
        },
      };
    case "pg":
      return { type: "pg", settings: { schema_name: state.schemaName } };
    case "http":
      return {
        type: "http",
        settings: {
          address: state.address,
          ...(state.lockAddress === undefined ? {} : { lock_address: state.lockAddress }),
          ...(state.unlockAddress === undefined ? {} : { unlock_address: state.unlockAddress }),
        },
      };
    case "hcp":
      return {
        type: "cloud",
        settings: {
          organization: state.organization,
          workspaces: { name: state.workspace },
          ...(state.hostname === undefined ? {} : { hostname: state.hostname }),
        },
      };
  }
}
