import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { triggersOf } from "../render/instance.ts";
import { checksCommand } from "./checks-command.ts";
import { escapeTemplate } from "./escape-template.ts";
import type { RedisInstance } from "./redis-instance.ts";

export interface PostApplyCheckProps {
  /** The environment's name, for the report. */
  readonly environment: string;
  /** What is proved. */
  readonly redis: RedisInstance;
  /** Seconds that the checks may take in all, waiting for the instance included. */
  readonly deadlineSeconds: number;
  /** Whether a check that could not run lets the apply go on. */
  readonly acceptUnknown: boolean;
  /** The backend (`srv-…`), whose one-off jobs can look at the instance from inside Render's private network. */
  readonly backendServiceId: string;
  /** The repository's root, where the checks are, as a path relative to the stack's own directory. */
  readonly repository: string;
}

/**
 * The proof, in Terraform's graph: it runs the checks after the instance came up, and fails the apply when one fails.
 *
 * It runs again exactly when something that it proves has changed. What depends on {@link proof} happens only after
 * the checks passed.
 */
export class PostApplyCheck extends Construct {
  /** Depend on this to happen only after the checks passed. */
  readonly proof: ITerraformDependable;

  constructor(scope: Construct, id: string, props: PostApplyCheckProps) {
    super(scope, id);
    const parameters = { deadlineSeconds: props.deadlineSeconds, acceptUnknown: props.acceptUnknown };
    const proven = Object.entries(triggersOf(props.redis.instance)).map(([name, text]) => [name, escapeTemplate(text)]);
    this.proof = new NullResource(this, "Default", {
      triggers: {
        instance_id: props.redis.id,
        ...Object.fromEntries(proven),
        checks: JSON.stringify(parameters),
      },
      provisioners: [
        checksCommand({ ...props, parameters: { ...parameters, backendServiceId: props.backendServiceId } }),
      ],
    });
  }
}
