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
