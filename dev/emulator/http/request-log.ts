import { z } from "zod";

/** Enough for the longest test; the log is for looking at what just happened. */
const KEPT = 2_000;

export const loggedRequest = z.object({ at: z.string(), method: z.string(), path: z.string(), status: z.number() });

/** One call of the API. Never a query, a body or a header: they may hold secrets. */
export type LoggedRequest = z.infer<typeof loggedRequest>;

/** The latest calls of the API, oldest first. */
export class RequestLog {
  readonly #requests: LoggedRequest[] = [];

  get all(): readonly LoggedRequest[] {
    return this.#requests;
  }

  add(request: LoggedRequest): void {
    this.#requests.push(request);
    if (this.#requests.length > KEPT) this.#requests.shift();
  }

  clear(): void {
    this.#requests.length = 0;
  }
}
