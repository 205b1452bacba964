import type { KeyValue } from "../render/api/key-value.ts";
import { isInstance, makesInstance } from "./review/plan/instance-change.ts";
import { toResourceChange } from "./review/plan/resource-change.ts";
import type { TerraformPlan } from "./review/plan/terraform-plan.ts";

/** An instance that Render has and the state does not. */
export type OtherInstance = Pick<KeyValue, "id" | "name" | "plan">;

/** Render could not be asked. The message says why. */
export class InstancesUnknown extends Error {
  override readonly name = "InstancesUnknown";
}

/**
 * The workspace's instances that Terraform does not know of. Render is asked only when the plan makes an instance, for only
 * that can go wrong by one that is there already.
 *
 * @throws InstancesUnknown
 */
export async function otherInstances(plan: TerraformPlan): Promise<OtherInstance[]> {
  const instances = plan.resource_changes.map(toResourceChange).filter(isInstance);
  if (!instances.some(makesInstance)) return [];
  const known = new Set(instances.map(({ before }) => before?.id));
  try {
    // Loaded late: most plans make no instance.
    const { RenderClient } = await import("../render/api/client.ts");
    const { listKeyValues } = await import("../render/api/key-value.ts");
    const all = await listKeyValues(
      RenderClient.fromEnvironment(process.env),
      process.env.RENDER_OWNER_ID || undefined,
    );
    return all.filter(({ id }) => !known.has(id));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    throw new InstancesUnknown(`Render could not be asked which instances there are: ${reason}`);
  }
}
