import { InvalidValue } from "../../../runtime/errors.ts";

/** A request that Render refuses. The message goes to the caller, so it must hold no secret. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: "invalid" | "missing" | "conflict";

  constructor(reason: Refusal["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

export function invalid(message: string): Refusal {
  return new Refusal("invalid", message);
}

/** What Render says about anything that it does not have. */
export function missing(what: string): Refusal {
  return new Refusal("missing", `not found: ${what}`);
}

export function conflict(message: string): Refusal {
  return new Refusal("conflict", message);
}

/** Reads a setting by the catalogue, and refuses with the catalogue's words: which are allowed, and the nearest one. */
export function readSetting<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidValue) throw invalid(`\`${name}\` ${error.message}`);
    throw error;
  }
}
