import { type ITerraformDependable, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { Use } from "../render/service.ts";
import { mistake } from "./mistake.ts";
import type { IRedisInstance } from "./redis-instance.ts";
import { EnvGroup, type EnvVar } from "./render/env-group.ts";
import { EnvGroupLink } from "./render/env-group-link.ts";

export interface ServiceEnvProps {
  /** The environment group's name on Render. Changing it: no effect on data. */
  readonly groupName: string;
  /** The existing service (`srv-…`). Changing it: unlinks the old service and links the new one. */
  readonly serviceId: string;
  /** What it reads of which instance, by the variable's name: its URL, or a part of it. */
  readonly uses: Readonly<Record<string, Omit<Use, "redis"> & { readonly redis: IRedisInstance }>>;
  /** Further variables, for example `ENABLE_QUEUES`. In clear in the synthesized Terraform: no secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** What must have happened first: the proof that the Redis is the one described. */
  readonly after: readonly ITerraformDependable[];
}

/**
 * The variables of an existing service: an environment group, and its link to the service.
 *
 * It touches no other variable of the service, and destroying it removes exactly what it gave. Linking does not
 * deploy: the running service reads the variables at its next deploy. A variable of the same name that is set on the
 * service itself wins.
 *
 * @throws Stop when a variable is in `env`, too.
 */
export class ServiceEnv extends Construct {
  /** `evg-…`, known after apply. */
  readonly groupId: string;
  /** Depend on this to happen only after the service has the variables. */
  readonly linked: ITerraformDependable;
  /** The link's Terraform address. */
  readonly linkAddress: string;

  constructor(scope: Construct, id: string, props: ServiceEnvProps) {
    super(scope, id);
    const twice = Object.keys(props.uses).find((name) => name in props.env);
    if (twice !== undefined) {
      throw mistake(`\`${id}.env\` must not hold ${twice}: it is built from the instance`, this);
    }
    const built = Object.entries(props.uses).map(([name, { redis, ...use }]) => [name, redis.valueFor(use)] as const);
    const values = [...Object.entries(props.env), ...built].map(([name, value]): [string, EnvVar] => [name, { value }]);
    // Group and link are this construct's one resource of their type, so both carry its name: render_env_group.backend.
    const address = TerraformStack.of(this).getLogicalId(this.node);
    const group = new EnvGroup(this, "group", {
      name: props.groupName,
      envVars: Object.fromEntries(values),
      dependsOn: [...props.after],
    });
    group.overrideLogicalId(address);
    const link = new EnvGroupLink(this, "link", { envGroupId: group.id, serviceIds: [props.serviceId] });
    link.overrideLogicalId(address);
    this.groupId = group.id;
    this.linked = link;
    this.linkAddress = `render_env_group_link.${address}`;
  }
}
