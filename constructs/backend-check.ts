import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import { Construct } from "constructs";
import type { ExpectedService } from "../render/service.ts";
import type { BackendRollOut } from "./backend-roll-out.ts";
import { checksCommand } from "./checks-command.ts";
import { escapeTemplate } from "./escape-template.ts";
import type { RedisInstance } from "./redis-instance.ts";

export interface BackendCheckProps {
  /** The environment's name, for the report. */
  readonly environment: string;
  readonly redis: RedisInstance;
  readonly backend: ExpectedService;
  /** What is proved: that it took effect. */
  readonly rollOut: BackendRollOut;
  /** Seconds that the checks may take in all. */
  readonly deadlineSeconds: number;
  /** Whether a check that could not run lets the apply go on. */
  readonly acceptUnknown: boolean;
  /** The repository's root, as a path relative to the stack's own directory. */
  readonly repository: string;
}

/**
 * The last thing in the graph: proves after each roll-out that the backend reads what it was given, and answers.
 *
 * It runs the same checks as {@link PostApplyCheck}, of which it takes those about the backend.
 */
export class BackendCheck extends Construct {
  constructor(scope: Construct, id: string, props: BackendCheckProps) {
    super(scope, id);
    const { redis, deadlineSeconds, acceptUnknown } = props;
    const backend = escapeTemplate(JSON.stringify(props.backend));
    new NullResource(this, "Default", {
      triggers: { instance_id: redis.id, roll_out: props.rollOut.id, backend },
      provisioners: [checksCommand({ ...props, parameters: { deadlineSeconds, acceptUnknown } })],
    });
  }
}
