import type { TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";
import type { Plan } from "../../render/plans.ts";
import type { EvictionPolicy, PersistenceMode, Region } from "../../render/spellings.ts";
import { KEYVALUE_ATTRIBUTES } from "../../render/terraform-schema.ts";
import { RenderResource } from "./render-resource.ts";

export interface IpAllowListEntry {
  /** Addresses in CIDR notation, for example `203.0.113.7/32`. */
  readonly cidrBlock: string;
  /** Whose addresses they are. */
  readonly description: string;
}

export interface LogStreamOverride {
  /** Whether the instance's logs go to the endpoint or nowhere. */
  readonly setting: "send" | "drop";
  readonly endpoint?: string;
  /** Stands in clear in the synthesized Terraform; pass a sensitive Terraform variable. */
  readonly token?: string;
}

export interface KeyvalueConfig extends TerraformMetaArguments {
  /** Changing it: no effect on data. */
  readonly name: string;
  /** The provider takes `pro_plus` when it is left out. Changing it: restarts; from `free` loses data. */
  readonly plan?: Plan;
  /** Changing it: replaces. */
  readonly region: Region;
  /** Changing it: restarts. */
  readonly maxMemoryPolicy: EvictionPolicy;
  /** Changing it: restarts; to or from `off` loses data. */
  readonly persistenceMode?: PersistenceMode;
  /** Changing it: no effect on data. */
  readonly environmentId?: string | undefined;
  /** Left out, the provider sends an empty list, which wipes one set in the dashboard. Changing it: no effect on data. */
  readonly ipAllowList?: readonly IpAllowListEntry[];
  /** Changing it: no effect on data. */
  readonly logStreamOverride?: LogStreamOverride | undefined;
}

/**
 * A Render Key Value instance (`render_keyvalue`): the provider's resource, attribute by attribute.
 *
 * Creating one returns before the instance can be reached, and the provider never waits.
 *
 * @see https://registry.terraform.io/providers/render-oss/render/1.9.1/docs/resources/keyvalue
 */
export class Keyvalue extends RenderResource<KeyvalueConfig> {
  /** As given; the policy judges it. */
  readonly config: KeyvalueConfig;

  constructor(scope: Construct, id: string, config: KeyvalueConfig) {
    super(scope, id, "render_keyvalue", KEYVALUE_ATTRIBUTES, config);
    this.config = config;
  }

  /** `red-…`, known after apply. */
  get id(): string {
    return this.getStringAttribute("id");
  }

  get name(): string {
    return this.getStringAttribute("name");
  }

  get plan(): string {
    return this.getStringAttribute("plan");
  }

  get region(): string {
    return this.getStringAttribute("region");
  }

  get maxMemoryPolicy(): string {
    return this.getStringAttribute("max_memory_policy");
  }

  get persistenceMode(): string {
    return this.getStringAttribute("persistence_mode");
  }

  get environmentId(): string {
    return this.getStringAttribute("environment_id");
  }

  /** Sensitive, and unknown at plan time after every change of the instance. */
  get connectionInfo(): ConnectionInfo {
    return new ConnectionInfo(this);
  }
}

/** How to reach an instance; each text is sensitive. */
export class ConnectionInfo {
  readonly #keyvalue: Keyvalue;

  constructor(keyvalue: Keyvalue) {
    this.#keyvalue = keyvalue;
  }

  /** `rediss://<id>:<password>@…`: for clients on the allow list. */
  get externalConnectionString(): string {
    return this.#keyvalue.getStringAttribute("connection_info.external_connection_string");
  }

  /** `redis://<id>:6379`; with a user and a password when internal authentication is on. */
  get internalConnectionString(): string {
    return this.#keyvalue.getStringAttribute("connection_info.internal_connection_string");
  }

  /** A command line with the password in it. */
  get cliCommand(): string {
    return this.#keyvalue.getStringAttribute("connection_info.cli_command");
  }
}
