import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { escapeTemplate } from "./escape-template.ts";
import type { RedisInstance } from "./redis-instance.ts";
import { wiringCommand } from "./wiring-command.ts";

export interface RedisDrainProps {
  readonly redis: RedisInstance;
  /** The backend that works the jobs off; left out, whoever destroys names it: `TF_VAR_backend_service_id`. */
  readonly serviceId: string | undefined;
  /** The backend's command that does it. */
  readonly command: string;
  /** The repository's root, as a path relative to the stack's own directory. */
  readonly repository: string;
  /** Before it nothing can wait in the instance: the proof that it works. */
  readonly after: readonly ITerraformDependable[];
}

/**
 * Does nothing when it is created. When the environment is destroyed, it has the backend work off what still waits in the
 * instance; when that fails, the instance stays. For an instance that is replaced see {@link RedisHandOver}.
 *
 * What uses the instance depends on {@link attached}, so that it comes after all of that when things are taken away.
 */
export class RedisDrain extends Construct {
  readonly attached: ITerraformDependable;

  constructor(scope: Construct, id: string, props: RedisDrainProps) {
    super(scope, id);
    this.attached = new NullResource(this, "Default", {
      // Only the instance: any other change would empty an instance that stays.
      triggers: { instance_id: props.redis.id },
      dependsOn: [...props.after],
      provisioners: [
        wiringCommand({
          command: "drain",
          repository: props.repository,
          environment: {
            REDIS_INSTANCE_ID: `\${self.triggers.instance_id}`,
            BACKEND_DRAIN_COMMAND: escapeTemplate(props.command),
            ...(props.serviceId === undefined ? {} : { BACKEND_SERVICE_ID: props.serviceId }),
          },
          when: "destroy",
        }),
      ],
    });
  }
}
