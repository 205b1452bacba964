import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import { Construct } from "constructs";
import type { ExpectedService } from "../render/service.ts";
import type { BackendRollOut } from "./backend-roll-out.ts";
import { escapeTemplate } from "./escape-template.ts";
import type { RedisInstance } from "./redis-instance.ts";
import { wiringCommand } from "./wiring-command.ts";

export interface RedisHandOverProps {
  readonly redis: RedisInstance;
  readonly backend: ExpectedService;
  /** The switch of the backend to this instance, which comes first. */
  readonly rollOut: BackendRollOut;
  /** The repository's root, as a path relative to the stack's own directory. */
  readonly repository: string;
}

/**
 * When an instance was replaced: has the backend, which is on the new one, work off what still waits in the old one.
 * Terraform destroys the old one after that, and not when it fails.
 *
 * It runs when the new one is created, because Terraform runs no provisioner when it destroys what was replaced.
 */
export class RedisHandOver extends Construct {
  constructor(scope: Construct, id: string, { redis, backend, rollOut, repository }: RedisHandOverProps) {
    super(scope, id);
    new NullResource(this, "Default", {
      // Only the instance; its name changes in place.
      triggers: { instance_id: redis.id },
      dependsOn: [rollOut.done],
      provisioners: [
        wiringCommand({
          command: "hand-over",
          repository,
          environment: {
            REDIS_INSTANCE_ID: redis.id,
            BACKEND_EXPECTED: escapeTemplate(JSON.stringify(backend)),
          },
          when: "create",
        }),
      ],
    });
  }
}
