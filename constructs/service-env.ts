import { type ITerraformDependable, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { mistake } from "./mistake.ts";
import type { RedisInstance } from "./redis-instance.ts";
import { EnvGroup, type EnvVar } from "./render/env-group.ts";
import { EnvGroupLink } from "./render/env-group-link.ts";

export interface ServiceEnvProps {
  /** The environment group's name on Render. Changing it: no effect on data. */
  readonly groupName: string;
  /** The existing service (`srv-…`). Changing it: unlinks the old service and links the new one. */
  readonly serviceId: string;
  /** The Redis whose `REDIS_URL` the service gets. */
  readonly redis: RedisInstance;
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
 * @throws Stop when `env` has a `REDIS_URL` of its own.
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
    if ("REDIS_URL" in props.env) {
      throw mistake(`\`${id}.env\` must not hold REDIS_URL: it is built from the instance`, this);
    }
    const values = Object.entries(props.env).map(([name, value]): [string, EnvVar] => [name, { value }]);
    // Group and link are this construct's one resource of their type, so both carry its name: render_env_group.backend.
    const address = TerraformStack.of(this).getLogicalId(this.node);
    const group = new EnvGroup(this, "group", {
      name: props.groupName,
      envVars: { ...Object.fromEntries(values), ...props.redis.envVars() },
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
