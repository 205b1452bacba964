import type { Result } from "../../../checks/verification.ts";

/** A result, and the ids of those that say the same. */
export interface Alike {
  readonly result: Result;
  readonly ids: readonly string[];
}

/** Puts together what is unknown for one reason: a missing connection leaves a dozen checks unknown, and is told once. */
export function alike(results: readonly Result[]): Alike[] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const same = result.status === "unknown" && result.evidence === undefined ? result.reason : result.id;
    groups.set(same, [...(groups.get(same) ?? []), result]);
  }
  return [...groups.values()].flatMap((group) => {
    const [result] = group;
    return result === undefined ? [] : [{ result, ids: group.map(({ id }) => id) }];
  });
}
