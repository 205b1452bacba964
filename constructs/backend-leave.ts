import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import { type ITerraformDependable, TerraformIterator } from "cdktf";
import { Construct } from "constructs";
import { wiringCommand } from "./wiring-command.ts";

export interface BackendLeaveProps {
  readonly serviceId: string;
  /** Seconds that the roll-out may take. */
  readonly rollOutSeconds: number;
  /** The repository's root, as a path relative to the stack's own directory. */
  readonly repository: string;
  readonly after: readonly ITerraformDependable[];
}

/**
 * Does nothing when it is created. When the service no longer belongs to the environment it rolls it out once more, so
 * that what runs lets go of the Redis before that is destroyed.
 *
 * The group depends on {@link attached}: created after it, it is gone when this rolls out.
 */
export class BackendLeave extends Construct {
  readonly attached: ITerraformDependable;

  constructor(scope: Construct, id: string, props: BackendLeaveProps) {
    super(scope, id);
    // One for each service: Terraform runs the provisioner of one that is taken away, but not of one that is replaced.
    const services = TerraformIterator.fromList([props.serviceId]);
    this.attached = new NullResource(this, "Default", {
      forEach: services,
      triggers: { service_id: services.value },
      // With another service in its place, the old one is rolled out only after it was unlinked.
      lifecycle: { createBeforeDestroy: true },
      dependsOn: [...props.after],
      provisioners: [
        wiringCommand({
          command: "leave",
          repository: props.repository,
          environment: {
            BACKEND_SERVICE_ID: `\${self.triggers.service_id}`,
            BACKEND_ROLL_OUT_SECONDS: String(props.rollOutSeconds),
          },
          when: "destroy",
        }),
      ],
    });
  }
}
