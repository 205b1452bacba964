import type { EnvGroup } from "../../render/api/env-group.ts";
import type { EnvVar } from "../../render/api/service.ts";

/** Where a service gets a variable from, and whether it is what it should be. Without the value. */
export interface EffectiveVariable {
  readonly key: string;
  /** `service` for one set on the service itself; the name of a group; `undefined` when it is not set at all. */
  readonly from: "service" | { readonly group: string } | undefined;
  readonly asExpected: boolean;
}

/**
 * What a service is deployed with: a variable of its own wins over every group, and among groups the one that was
 * created last wins, which Render does not promise.
 */
export function effectiveVariables(
  expected: Readonly<Record<string, string>>,
  own: readonly EnvVar[],
  groups: readonly EnvGroup[],
): EffectiveVariable[] {
  const newestFirst = groups.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  return Object.entries(expected).map(([key, value]) => {
    const onService = own.find((variable) => variable.key === key);
    if (onService !== undefined) return { key, from: "service", asExpected: onService.value === value };
    for (const group of newestFirst) {
      const inGroup = group.envVars.find((variable) => variable.key === key);
      if (inGroup !== undefined) return { key, from: { group: group.name }, asExpected: inGroup.value === value };
    }
    return { key, from: undefined, asExpected: false };
  });
}
