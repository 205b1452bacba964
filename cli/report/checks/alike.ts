import type { CheckResult } from "../../../checks/report.ts";

/** A result, and the ids of those that say the same. */
export interface Alike {
  readonly result: CheckResult;
  readonly ids: readonly string[];
}

/** Groups results that are unknown for the same reason: a missing connection leaves a dozen checks unknown. */
export function alike(results: readonly CheckResult[]): Alike[] {
  const groups = new Map<string, { readonly result: CheckResult; readonly ids: string[] }>();
  for (const result of results) {
    const same = result.status === "unknown" && result.evidence === undefined ? result.reason : result.id;
    const group = groups.get(same);
    if (group === undefined) groups.set(same, { result, ids: [result.id] });
    else group.ids.push(result.id);
  }
  return [...groups.values()];
}
