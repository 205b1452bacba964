import type { CheckResult } from "../../../checks/report.ts";

/** A result, and the ids of those that say the same. */
export interface Alike {
  readonly result: CheckResult;
  readonly ids: readonly string[];
}

/** Groups results that are unknown for the same reason: a missing connection leaves a dozen checks unknown. */
export function alike(results: readonly CheckResult[]): Alike[] {
  const groups = new Map<string, CheckResult[]>();
  for (const result of results) {
    const same = result.status === "unknown" && result.evidence === undefined ? result.reason : result.id;
    groups.set(same, [...(groups.get(same) ?? []), result]);
  }
  return [...groups.values()].flatMap((group) => {
    const [result] = group;
    return result === undefined ? [] : [{ result, ids: group.map(({ id }) => id) }];
  });
}
