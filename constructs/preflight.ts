import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ExpectedInstance } from "../render/instance.ts";
import type { ExpectedService } from "../render/service.ts";
import { escapeTemplate } from "./escape-template.ts";
import { wiringCommand } from "./wiring-command.ts";

export interface PreflightProps {
  readonly redis: ExpectedInstance;
  readonly backend: ExpectedService;
  /** The repository's root, as a path relative to the stack's own directory. */
  readonly repository: string;
}

/**
 * The first thing in the graph: asks Render whether what is described can be deployed, and changes nothing.
 *
 * It runs again when what it judges by has changed. What depends on {@link passed} happens only when nothing was
 * refused.
 */
export class Preflight extends Construct {
  readonly passed: ITerraformDependable;

  constructor(scope: Construct, id: string, props: PreflightProps) {
    super(scope, id);
    const redis = escapeTemplate(JSON.stringify(props.redis));
    const backend = escapeTemplate(JSON.stringify(props.backend));
    // Not again for a new name: Render keeps the instance and the group, and under their former names they could not be
    // told from somebody else's.
    const { name: _instance, ...judgedRedis } = props.redis;
    const { groupName: _group, ...judgedBackend } = props.backend;
    this.passed = new NullResource(this, "Default", {
      triggers: {
        redis: escapeTemplate(JSON.stringify(judgedRedis)),
        backend: escapeTemplate(JSON.stringify(judgedBackend)),
      },
      provisioners: [
        wiringCommand({
          command: "preflight",
          repository: props.repository,
          environment: { REDIS_EXPECTED: redis, BACKEND_EXPECTED: backend },
          when: "create",
        }),
      ],
    });
  }
}
