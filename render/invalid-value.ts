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
  return new InvalidValue(`must be one of ${allowed.join(", ")}`, got, didYouMean(got, spellings));
}

function didYouMean(got: unknown, spellings: readonly string[]): string | undefined {
  if (typeof got !== "string" || got === "" || spellings.length === 0) return undefined;
  const nearest = closest(got.toLowerCase(), spellings);
  // Beyond a third of the word a suggestion is a guess, and a wrong guess misleads.
  const likely = distance(got.toLowerCase(), nearest) <= Math.max(1, Math.ceil(nearest.length / 3));
  return likely ? `Did you mean "${nearest}"?` : undefined;
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : (JSON.stringify(value) ?? String(value));
}
