/** When a run must have ended, and why it ends before. Everything that waits listens to its signal. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #at: number;
  readonly #timer: NodeJS.Timeout;

  constructor(seconds: number) {
    this.#at = performance.now() + seconds * 1000;
    this.#timer = setTimeout(() => this.stop(`the deadline of ${seconds} s passed`), seconds * 1000);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Nothing once the signal was given. */
  get remainingMs(): number {
    if (this.signal.aborted) return 0;
    return Math.max(0, Math.ceil(this.#at - performance.now()));
  }

  /** Why the signal was given, in words. */
  get reason(): string {
    return this.signal.aborted ? String(this.signal.reason) : "";
  }

  /** Ends everything now. */
  stop(reason: string): void {
    clearTimeout(this.#timer);
    this.#controller.abort(reason);
  }
}
