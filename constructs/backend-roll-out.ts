import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import { Fn, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ExpectedService } from "../render/service.ts";
import type { BackendEnv } from "./backend-env.ts";
import { escapeTemplate } from "./escape-template.ts";
import type { RedisInstance } from "./redis-instance.ts";
import { wiringCommand } from "./wiring-command.ts";

export interface BackendRollOutProps {
  readonly backend: ExpectedService;
  readonly redis: RedisInstance;
  /** The variables, which are given to the service before it is rolled out. */
  readonly env: BackendEnv;
  /** The repository's root, as a path relative to the stack's own directory. */
  readonly repository: string;
}

/**
 * Makes the running backend read its variables, by a deploy that reuses its build, and waits until that is live.
 *
 * It happens exactly when what the backend reads has changed: Render deploys nothing when a group changes. A deploy
 * that fails fails the apply, and the backend goes on with what it had.
 */
export class BackendRollOut extends Construct {
  /** Another value after each roll-out. */
  readonly id: string;
  /** Depend on this to happen only after the backend runs with its variables. */
  readonly done: ITerraformDependable;

  constructor(scope: Construct, id: string, props: BackendRollOutProps) {
    super(scope, id);
    const { backend, redis, env, repository } = props;
    const sorted = Object.fromEntries(Object.entries(backend.env).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const rollOut = new NullResource(this, "Default", {
      triggers: {
        service_id: backend.serviceId,
        group_id: env.groupId,
        redis_url: redis.instance.internalAuthentication
          ? // With a password in it; its hash changes with it, and says nothing.
            Fn.nonsensitive(Fn.sha256(redis.internalUrl))
          : redis.internalUrl,
        env: escapeTemplate(JSON.stringify(sorted)),
      },
      dependsOn: [env.linked],
      provisioners: [
        wiringCommand({
          command: "roll-out",
          repository,
          environment: {
            BACKEND_EXPECTED: escapeTemplate(JSON.stringify(backend)),
            BACKEND_GROUP_ID: env.groupId,
          },
          when: "create",
        }),
      ],
    });
    this.id = rollOut.id;
    this.done = rollOut;
  }
}
