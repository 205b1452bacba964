/** The wiring could not be done. The message says what happened, what it left behind, and what to do. */
export class WiringError extends Error {
  override readonly name = "WiringError";
}
