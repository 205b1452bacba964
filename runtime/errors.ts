import { inspect } from "node:util";
import { closest, distance } from "fastest-levenshtein";

/** How a command ends. The process exits with the number; `plan` alone has one more, for changes. */
export const EXIT_CODES = {
  /** All is well. */
  good: 0,
  /** It was done and went wrong, or something was proven to be wrong. */
  failed: 1,
  /** The command line, the configuration or an environment file is wrong. */
  misused: 2,
  /** It could not be established, or it needs an acknowledgement. */
  unknown: 3,
} as const;

export type Outcome = keyof typeof EXIT_CODES;

/**
 * Ends what is being done, for a reason that people can act on. Anything else that is thrown is a defect.
 *
 * The message holds no secret. It says what happened, what is left behind, and ends with the remedy when there is one.
 */
export class Stop extends Error {
  override readonly name = "Stop";
  readonly outcome: Exclude<Outcome, "good">;
  /** What to do about it: the end of the message. */
  readonly remedy: string | undefined;

  constructor(outcome: Exclude<Outcome, "good">, message: string, { remedy }: { readonly remedy?: string } = {}) {
    super(remedy === undefined ? message : `${message} ${remedy}`);
    this.outcome = outcome;
    this.remedy = remedy;
  }
}

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

/** Characters of a value that a message shows. */
const LONGEST_VALUE = 300;

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = asJson(value) ?? inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** Nothing for what JSON cannot say: a function, a bigint, an object that holds itself. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
