import { closest, distance } from "fastest-levenshtein";

/**
 * A value that Render, or this project, does not accept.
 *
 * The message is the end of a sentence that begins with the property's name, so that whoever knows the name can
 * complete it: `` `redis.plan` must be one of free, starter, got: "strater". Did you mean "starter"? ``
 */
export class InvalidValue extends Error {
  constructor(rule: string, got: unknown, hint?: string) {
    super(`${rule}, got: ${describe(got)}.${hint === undefined ? "" : ` ${hint}`}`);
    this.name = "InvalidValue";
  }
}

/** An {@link InvalidValue} for a value that is not in a list, with the nearest entry when there is a likely one. */
export function notOneOf(allowed: readonly string[], got: unknown, spellings: readonly string[] = allowed) {
  const like = typeof got === "string" ? nearest(got, spellings) : undefined;
  return new InvalidValue(
    `must be one of ${allowed.join(", ")}`,
    got,
    like === undefined ? undefined : `Did you mean "${like}"?`,
  );
}

/** The spelling that was probably meant; `undefined` when none is near. */
export function nearest(got: string, spellings: readonly string[]): string | undefined {
  if (got === "" || spellings.length === 0) return undefined;
  const candidate = closest(got.toLowerCase(), spellings);
  // Beyond a third of the word a suggestion is a guess, and a wrong guess misleads.
  const limit = Math.max(1, Math.ceil(candidate.length / 3));
  return distance(got.toLowerCase(), candidate.toLowerCase()) <= limit ? candidate : undefined;
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : (JSON.stringify(value) ?? String(value));
}
